/* The head of an idsig; the first four bytes are the size of its APK. */
#include "../../src/guest/apk/idsig.h"
#include "support.h"
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint32_t apk_size;
  struct idsig idsig;
  if (size < sizeof apk_size) return 0;
  memcpy(&apk_size, data, sizeof apk_size);
  size_t idsig_size = size - sizeof apk_size;
  if (!idsig_read(file_of(data + sizeof apk_size, idsig_size), idsig_size, apk_size, &idsig)) accepted();
  return 0;
}
