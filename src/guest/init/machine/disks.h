/* Disks by their virtio serial, never by their order. */
#ifndef GUEST_DISKS_H
#define GUEST_DISKS_H
#include <stdbool.h>

/* Writes `/dev/vdX` of the disk with this serial into `path`. Waits up to `timeout_ms` for it to appear. */
bool disk_find(const char *serial, char path[32], int timeout_ms);
/* Names every disk in /dev/block/by-name by its serial, where Android's tests look for them. */
void disks_link(void);
/* Takes on the sizes that disks have by now. `resized` has a digit for each disk, in the order of their serials, which is 1
 * for those that changed; they are probed again. False, with errno, when one could not be, or the number of disks differs. */
bool disks_resize(const char *resized);
/* Drops the kernel's cache of their content, except for mounted ones. False, with errno, when that failed for one. */
bool disks_forget(void);
#endif
