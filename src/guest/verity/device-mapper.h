/* Device-mapper devices: created with a table and resumed, or not at all. */
#ifndef GUEST_DEVICE_MAPPER_H
#define GUEST_DEVICE_MAPPER_H
#include <stdbool.h>
#include <stdint.h>

struct dm_target {
  uint64_t start_sector;
  uint64_t sector_count;
  const char *type;
  const char *parameters;
};

/* Creates the device and writes its path (`/dev/dm-N`). Returns NULL, or what failed. */
const char *dm_create(const char *name, const struct dm_target *targets, int target_count, bool read_only, char path[32]);
#endif
