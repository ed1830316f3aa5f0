/* A binary AndroidManifest.xml. */
#include "../../src/guest/apk/manifest.h"
#include "support.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct manifest manifest;
  uint8_t *copy = copy_of(data, size);
  if (!manifest_parse(copy, size, &manifest)) accepted();
  free(copy);
  return 0;
}
