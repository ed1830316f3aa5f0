/* Which payload to run: named by the host, or by a config file in the APK. */
#ifndef GUEST_LOAD_CONFIG_H
#define GUEST_LOAD_CONFIG_H
#include "config.h"
#include "metadata.h"
#include <stdint.h>

/* Reads the config, and its hash for the VM's memory. Ends the VM when there is none that holds. */
void load_config(const struct metadata *metadata, struct payload_config *config, uint8_t hash[32]);
#endif
