/* A payload's configuration: JSON, then the rules of both releases. */
#include "../../src/guest/init/config/config.h"
#include "support.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *text = copy_of(data, size);
  int taken = 0;
  for (int release = 13; release <= 15; release += 2) {
    struct payload_config config;
    char path[64];
    if (config_parse((const char *)text, size, release, &config)) continue;
    config_command_path(&config, path, sizeof path);
    taken++;
  }
  if (taken == 2) accepted();
  free_tracked();
  free(text);
  return 0;
}
