/* CBOR items; the first bytes say which are asked for, one each, up to a zero. */
#include "../../src/guest/instance/cbor.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  const uint8_t *end = size ? memchr(data, 0, size) : NULL;
  if (!end) return 0;
  size_t left = size - (size_t)(end + 1 - data);
  uint8_t *items = copy_of(end + 1, left), bytes[64];
  struct cbor_reader reader = {items, items + left};
  uint64_t number;
  bool all = true;
  for (const uint8_t *at = data; at < end; at++) {
    bool taken;
    switch (*at % 5) {
    case 0: taken = cbor_take_map(&reader, *at / 5); break;
    case 1: taken = cbor_take_array(&reader, &number); break;
    case 2: taken = cbor_take_text(&reader, *at & 8 ? "apks" : "configHash"); break;
    case 3: taken = cbor_take_bytes(&reader, bytes, *at % 64); break;
    default: taken = cbor_take_number(&reader, &number);
    }
    if (reader.at > reader.end) abort();
    all = all && taken;
  }
  if (all && reader.at == reader.end) accepted();
  free(items);
  return 0;
}
