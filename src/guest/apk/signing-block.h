/* The APK Signing Block: what the APK's own v3 signature says about its content. */
#ifndef GUEST_SIGNING_BLOCK_H
#define GUEST_SIGNING_BLOCK_H
#include "../crypto/sha2.h"
#include <stdint.h>

struct apk_signature {
  /* Where the four sections of an APK begin. */
  uint64_t block_offset;
  uint64_t directory_offset;
  uint64_t end_offset;
  uint64_t size;
  /* Of the strongest signature: digest of the content, and how it is made. */
  uint32_t algorithm;
  enum sha2 digest_kind;
  uint8_t digest[SHA512_SIZE];
  /* SHA-512 of the signer's public key, as it stands in the block. */
  uint8_t signer[SHA512_SIZE];
};

/* Reads the v3 signature that holds for this SDK level, in the first `size` bytes of `fd`. Returns NULL, or what is
 * wrong. The signature's own value is not checked: the tree, the digest and the signer are. */
const char *apk_signature_read(int fd, uint64_t size, uint32_t sdk, struct apk_signature *signature);
/* Digests the content again and compares. */
const char *apk_signature_check_content(int fd, const struct apk_signature *signature);
#endif
