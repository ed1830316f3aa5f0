/* One signer of APK Signature Scheme v3. */
#ifndef GUEST_SIGNER_H
#define GUEST_SIGNER_H
#include "../bytes.h"
#include "signing-block.h"

struct signer {
  struct bytes signed_data;
  uint32_t min_sdk;
  uint32_t max_sdk;
  struct bytes signatures;
  struct bytes key;
};

/* False when it is broken. */
bool signer_read(struct bytes bytes, struct signer *signer);
/* Verifies its strongest signature, in the order of Android's apkverify, and returns what it signs. Returns NULL, or
 * what is wrong. */
const char *signer_verify(const struct signer *signer, struct apk_signature *signature);
#endif
