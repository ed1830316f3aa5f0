/* The idsig file of an APK (APK Signature Scheme v4): root of its hash tree, its content digest, the tree. */
#ifndef GUEST_IDSIG_H
#define GUEST_IDSIG_H
#include <stdint.h>

#define IDSIG_MAX_SALT 32
#define IDSIG_MAX_DIGEST 64

struct idsig {
  uint8_t root_hash[32];
  uint8_t salt[IDSIG_MAX_SALT];
  uint32_t salt_size;
  /* Digest that the APK's own signature names; empty where Android 13 wrote the file. */
  uint8_t apk_digest[IDSIG_MAX_DIGEST];
  uint32_t apk_digest_size;
  uint32_t algorithm;
  uint64_t tree_offset;
  uint64_t tree_size;
};

/* Reads the head of the idsig in the first `size` bytes of `fd`, for an APK of `apk_size` bytes. Returns NULL, or what
 * is wrong with it. */
const char *idsig_read(int fd, uint64_t size, uint64_t apk_size, struct idsig *idsig);
#endif
