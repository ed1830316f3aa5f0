/* The APK Signing Block: what the APK's own v3 signature says about its content, and whether it is true. */
#ifndef GUEST_SIGNING_BLOCK_H
#define GUEST_SIGNING_BLOCK_H
#include "../../crypto/sha2.h"
#include "content-digest.h"
#include <stdint.h>

struct apk_signature {
  struct apk_sections sections;
  /* Of the strongest signature: digest of the content, and how it is made. */
  uint32_t algorithm;
  enum content_digest digest_kind;
  uint8_t digest[CONTENT_DIGEST_MAX];
  /* SHA-512 of the signer's public key, as it stands in the block. */
  uint8_t signer[SHA512_SIZE];
};

/* Reads the v3 signature that holds for this SDK level, in the first `size` bytes of `fd`, and verifies it: signature,
 * key and certificate; the content is `apk_signature_check_content`'s part. Returns NULL, or what is wrong. */
const char *apk_signature_read(int fd, uint64_t size, uint32_t sdk, struct apk_signature *signature);
/* Digests the content again and compares. */
const char *apk_signature_check_content(int fd, const struct apk_signature *signature);
#endif
