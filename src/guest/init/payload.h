/* The payload: what the VM is for. */
#ifndef GUEST_PAYLOAD_H
#define GUEST_PAYLOAD_H
#include "config.h"
#include <stdbool.h>

/* Starts the task, tells the host, serves the payload and adbd until the task ends. Returns its exit code.
 * `release` decides which entry point counts when a library has that of Android 13 and that of 15. */
int payload_run(const struct payload_config *config, int release, bool adb);
#endif
