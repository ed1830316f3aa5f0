/* Reading little-endian fields out of untrusted bytes: every step checks what is left. */
#ifndef GUEST_BYTES_H
#define GUEST_BYTES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct bytes {
  const uint8_t *data;
  size_t size;
};

/* Each takes from the front; false, and nothing taken, when there is too little. */
bool bytes_u8(struct bytes *bytes, uint8_t *value);
bool bytes_u32(struct bytes *bytes, uint32_t *value);
bool bytes_u64(struct bytes *bytes, uint64_t *value);
bool bytes_take(struct bytes *bytes, size_t size, struct bytes *part);
/* A u32 length, then as many bytes. */
bool bytes_prefixed(struct bytes *bytes, struct bytes *part);
/* Reads exactly `size` bytes of a file. */
bool read_exactly(int fd, void *to, size_t size, uint64_t offset);
#endif
