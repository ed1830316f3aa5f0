/* DEFLATE (RFC 1951) for entries of an APK, by zlib: from memory to memory. */
#ifndef GUEST_INFLATE_H
#define GUEST_INFLATE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True when the stream is sound and yields exactly `output_size` bytes. Sizes fit 32 bits, as those of ZIP do. */
bool inflate_whole(const uint8_t *input, size_t input_size, uint8_t *output, size_t output_size);
/* CRC-32 as ZIP uses it. */
uint32_t crc32_of(const uint8_t *data, size_t size);
#endif
