/* The metadata disk. */
#include "../../src/guest/init/config/metadata.h"
#include "support.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct metadata metadata;
  char *text = malloc(size + 1);
  if (size) memcpy(text, data, size);
  text[size] = '\0';
  if (!metadata_parse(text, &metadata)) accepted();
  free(text);
  return 0;
}
