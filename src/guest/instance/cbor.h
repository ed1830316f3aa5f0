/* The little of CBOR (RFC 8949) that the instance data needs: maps with text keys, byte strings, whole numbers. */
#ifndef GUEST_CBOR_H
#define GUEST_CBOR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cbor_writer {
  uint8_t *data;
  size_t capacity;
  size_t size;
  bool overflow;
};

void cbor_put_map(struct cbor_writer *writer, uint64_t count);
void cbor_put_array(struct cbor_writer *writer, uint64_t count);
void cbor_put_text(struct cbor_writer *writer, const char *text);
void cbor_put_bytes(struct cbor_writer *writer, const void *bytes, size_t size);
void cbor_put_number(struct cbor_writer *writer, uint64_t number);
/* The number -1 - `minus_one_less`. */
void cbor_put_negative(struct cbor_writer *writer, uint64_t minus_one_less);

struct cbor_reader {
  const uint8_t *at;
  const uint8_t *end;
};

/* Each takes the next item; false when it is another one. */
bool cbor_take_map(struct cbor_reader *reader, uint64_t count);
bool cbor_take_array(struct cbor_reader *reader, uint64_t *count);
bool cbor_take_text(struct cbor_reader *reader, const char *expected);
/* A byte string of exactly this size. */
bool cbor_take_bytes(struct cbor_reader *reader, void *to, size_t size);
bool cbor_take_number(struct cbor_reader *reader, uint64_t *number);
#endif
