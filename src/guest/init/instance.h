/* Compares what this VM recorded at its first boot with what it finds now. */
#ifndef GUEST_INSTANCE_H
#define GUEST_INSTANCE_H
#include "../instance/identity.h"
#include "config/metadata.h"
#include <stdbool.h>

struct instance {
  bool first_boot;
  uint8_t key[32];
  struct identity identity;
  struct measurement measured;
};

/* Reads the instance disk. Ends the VM when it is damaged or another VM's. */
void instance_load(const char *disk, const struct metadata *metadata, struct instance *instance);
/* Whether the measured APKs are, byte for byte, those of the first boot. */
bool instance_knows_apks(const struct instance *instance);
/* Remembers the measurement at the first boot; compares it at every other, and ends the VM when it differs. */
void instance_settle(const char *disk, struct instance *instance);
#endif
