/* What an APK's binary manifest says of the package: its name and version. */
#ifndef GUEST_MANIFEST_H
#define GUEST_MANIFEST_H
#include <stddef.h>
#include <stdint.h>

#define MANIFEST_MAX_NAME 256

struct manifest {
  char package_name[MANIFEST_MAX_NAME];
  /* `versionCode`, with `versionCodeMajor` above it. */
  uint64_t version;
};

/* Reads it from the APK in the first `size` bytes of `fd`; an APK without a manifest has no name and version 0. Returns
 * NULL, or what is wrong. */
const char *manifest_read(int fd, uint64_t size, struct manifest *manifest);
/* The same for a manifest that was unpacked already. */
const char *manifest_parse(const uint8_t *data, size_t size, struct manifest *manifest);
#endif
