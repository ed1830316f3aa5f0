/* The payload: what the VM is for. */
#ifndef GUEST_PAYLOAD_H
#define GUEST_PAYLOAD_H
#include "../../instance/identity.h"
#include "../config/config.h"
#include <stdbool.h>

/* Android's user of a payload where there may be several. The disks of this VM belong to root, and hold its secrets. */
#define PAYLOAD_USER 6000

/* What the payload may ask for. */
struct payload_context {
  const struct identity *identity;
  const struct payload_config *config;
  bool new_instance;
};

/* Starts the task, tells the host, serves the payload until the task ends. Returns its exit code.
 * `release` decides which entry point counts when a library has that of Android 13 and that of 15. */
int payload_run(const struct payload_config *config, int release, const struct payload_context *context);
#endif
