/* The file systems of the VM. */
#ifndef GUEST_MOUNTS_H
#define GUEST_MOUNTS_H

/* /proc, /sys, /dev: what the rest of the boot needs. */
void mount_early(void);
/* Makes the system disk the root, read-only, with fresh /data, /mnt and /run. Returns NULL, or what failed. */
const char *mount_system(const char *disk);
#endif
