/* A DEFLATE stream; the first two bytes say how much it yields. */
#include "../../src/guest/apk/zip/inflate.h"
#include "support.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  if (size < 2) return 0;
  size_t output_size = (size_t)(data[0] | data[1] << 8);
  uint8_t *output = malloc(output_size ? output_size : 1);
  uint8_t *input = copy_of(data + 2, size - 2);
  if (inflate_whole(input, size - 2, output, output_size)) accepted();
  free(input);
  free(output);
  return 0;
}
