#include "cbor.h"
#include <string.h>

enum major { NUMBER = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5 };

static void put_raw(struct cbor_writer *writer, const void *data, size_t size);
static void put_head(struct cbor_writer *writer, enum major major, uint64_t value);
static bool take_head(struct cbor_reader *reader, enum major major, uint64_t *value);

void cbor_put_map(struct cbor_writer *writer, uint64_t count) { put_head(writer, MAP, count); }

void cbor_put_array(struct cbor_writer *writer, uint64_t count) { put_head(writer, ARRAY, count); }

void cbor_put_number(struct cbor_writer *writer, uint64_t number) { put_head(writer, NUMBER, number); }

void cbor_put_negative(struct cbor_writer *writer, uint64_t minus_one_less) {
  put_head(writer, NEGATIVE, minus_one_less);
}

void cbor_put_text(struct cbor_writer *writer, const char *text) {
  put_head(writer, TEXT, strlen(text));
  put_raw(writer, text, strlen(text));
}

void cbor_put_bytes(struct cbor_writer *writer, const void *bytes, size_t size) {
  put_head(writer, BYTES, size);
  put_raw(writer, bytes, size);
}

bool cbor_take_map(struct cbor_reader *reader, uint64_t count) {
  uint64_t present;
  return take_head(reader, MAP, &present) && present == count;
}

bool cbor_take_array(struct cbor_reader *reader, uint64_t *count) { return take_head(reader, ARRAY, count); }

bool cbor_take_number(struct cbor_reader *reader, uint64_t *number) { return take_head(reader, NUMBER, number); }

bool cbor_take_text(struct cbor_reader *reader, const char *expected) {
  uint64_t size;
  if (!take_head(reader, TEXT, &size) || size != strlen(expected)) return false;
  if ((uint64_t)(reader->end - reader->at) < size || memcmp(reader->at, expected, (size_t)size) != 0) return false;
  reader->at += size;
  return true;
}

bool cbor_take_bytes(struct cbor_reader *reader, void *to, size_t size) {
  uint64_t present;
  if (!take_head(reader, BYTES, &present) || present != size || (size_t)(reader->end - reader->at) < size) return false;
  memcpy(to, reader->at, size);
  reader->at += size;
  return true;
}

static void put_raw(struct cbor_writer *writer, const void *data, size_t size) {
  if (writer->overflow || writer->capacity - writer->size < size) {
    writer->overflow = true;
    return;
  }
  memcpy(writer->data + writer->size, data, size);
  writer->size += size;
}

/* Three bits of kind, five of value; 24 to 27 announce 1, 2, 4 or 8 bytes of it. */
static void put_head(struct cbor_writer *writer, enum major major, uint64_t value) {
  uint8_t head[9];
  int log = value < 24 ? -1 : value <= UINT8_MAX ? 0 : value <= UINT16_MAX ? 1 : value <= UINT32_MAX ? 2 : 3;
  size_t size = log < 0 ? 0 : (size_t)1 << log;
  head[0] = (uint8_t)((unsigned)major << 5 | (log < 0 ? (unsigned)value : 24u + (unsigned)log));
  for (size_t i = 0; i < size; i++) head[1 + i] = (uint8_t)(value >> (8 * (size - 1 - i)));
  put_raw(writer, head, 1 + size);
}

static bool take_head(struct cbor_reader *reader, enum major major, uint64_t *value) {
  if (reader->at == reader->end || *reader->at >> 5 != major) return false;
  uint8_t small = *reader->at & 0x1f;
  size_t size = small < 24 ? 0 : (size_t)1 << (small - 24);
  if (small > 27 || (size_t)(reader->end - reader->at) < 1 + size) return false;
  reader->at++;
  *value = size == 0 ? small : 0;
  for (size_t i = 0; i < size; i++) *value = *value << 8 | *reader->at++;
  return true;
}
