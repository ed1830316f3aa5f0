#include "bytes.h"
#include <string.h>
#include <unistd.h>

static bool number(struct bytes *bytes, size_t size, uint64_t *value) {
  struct bytes part;
  if (!bytes_take(bytes, size, &part)) return false;
  *value = 0;
  for (size_t i = size; i-- > 0;) *value = *value << 8 | part.data[i];
  return true;
}

bool bytes_u8(struct bytes *bytes, uint8_t *value) {
  uint64_t wide;
  if (!number(bytes, 1, &wide)) return false;
  *value = (uint8_t)wide;
  return true;
}

bool bytes_u32(struct bytes *bytes, uint32_t *value) {
  uint64_t wide;
  if (!number(bytes, 4, &wide)) return false;
  *value = (uint32_t)wide;
  return true;
}

bool bytes_u64(struct bytes *bytes, uint64_t *value) { return number(bytes, 8, value); }

bool bytes_take(struct bytes *bytes, size_t size, struct bytes *part) {
  if (bytes->size < size) return false;
  *part = (struct bytes){bytes->data, size};
  bytes->data += size;
  bytes->size -= size;
  return true;
}

bool bytes_prefixed(struct bytes *bytes, struct bytes *part) {
  struct bytes rest = *bytes;
  uint32_t size;
  if (!bytes_u32(&rest, &size) || !bytes_take(&rest, size, part)) return false;
  *bytes = rest;
  return true;
}

bool read_exactly(int fd, void *to, size_t size, uint64_t offset) {
  uint8_t *at = to;
  while (size > 0) {
    ssize_t got = pread(fd, at, size, (off_t)offset);
    if (got <= 0) return false;
    at += got;
    offset += (uint64_t)got;
    size -= (size_t)got;
  }
  return true;
}
