/* An APK that is checked with every read: dm-verity over its disk, by the hash tree in its idsig (apkdmverity). */
#ifndef GUEST_APK_VERITY_H
#define GUEST_APK_VERITY_H
#include "../apk/idsig.h"
#include "../apk/manifest.h"
#include "../apk/signing/signing-block.h"
#include <stdbool.h>
#include <stdint.h>

struct verified_apk {
  /* The checked device; the disk itself is never read past it. */
  char path[32];
  struct idsig idsig;
  struct apk_signature signature;
};

/* Sets up the device `name` for an APK of `apk_size` bytes. Returns NULL, or what is wrong. */
const char *apk_verity_open(const char *name, const char *apk_disk, uint64_t apk_size, const char *idsig_disk,
                            uint64_t idsig_size, int release, struct verified_apk *apk);
/* Reads the whole APK and compares with the digest that its signature names. */
const char *apk_verity_check_content(const struct verified_apk *apk);
/* Name and version of its package. */
const char *apk_verity_read_manifest(const struct verified_apk *apk, struct manifest *manifest);
#endif
