/* Shows an APK as a read-only folder, over FUSE: a file is unpacked only when it is read. */
#ifndef GUEST_ZIPFUSE_H
#define GUEST_ZIPFUSE_H
#include <stdint.h>

/* Mounts the archive in the first `size` bytes of `disk` at `folder`, served by a process of its own.
 * Returns NULL, or what is wrong. */
const char *zipfuse_mount(const char *disk, uint64_t size, const char *folder);
#endif
