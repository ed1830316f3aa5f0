/* The APK Signing Block down to the last record of its signers. Signatures are not computed (that is `signature`'s part)
 * but accepted, so that mutated input reaches the code after them; nor is the content digested. */
#include "../../src/guest/apk/signing/signing-block.h"
#include "../../src/guest/apk/signing/public-key.h"
#include "support.h"

bool public_key_verify(struct bytes key, enum signature_scheme scheme, enum sha2 hash, struct bytes data,
                       struct bytes signature) {
  (void)scheme, (void)hash;
  read_all(key);
  read_all(data);
  read_all(signature);
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  struct apk_signature signature;
  if (!apk_signature_read(file_of(data, size), size, 35, &signature)) accepted();
  return 0;
}
