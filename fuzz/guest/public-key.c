/* Keys, certificates and ECDSA signatures in DER: scheme, hash, then three parts with their lengths. The arithmetic is not
 * done (that is `signature`'s part). */
#include "../../src/guest/apk/signing/public-key.h"
#include "../../src/guest/crypto/ecdsa.h"
#include "../../src/guest/crypto/rsa.h"
#include "support.h"
#include <stdlib.h>

bool rsa_verify(const struct rsa_key *key, enum rsa_padding padding, enum sha2 kind, const uint8_t *digest,
                const uint8_t *signature, size_t signature_size) {
  (void)padding;
  read_all((struct bytes){key->modulus, key->modulus_size});
  read_all((struct bytes){key->exponent, key->exponent_size});
  read_all((struct bytes){digest, sha2_size(kind)});
  read_all((struct bytes){signature, signature_size});
  return true;
}

bool ecdsa_verify(enum ecdsa_curve curve, const uint8_t *point, size_t point_size, const uint8_t *digest,
                  size_t digest_size, const uint8_t *r, size_t r_size, const uint8_t *s, size_t s_size) {
  (void)curve;
  read_all((struct bytes){point, point_size});
  read_all((struct bytes){digest, digest_size});
  read_all((struct bytes){r, r_size});
  read_all((struct bytes){s, s_size});
  return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = copy_of(data, size), scheme, hash;
  struct bytes input = {copy, size}, key, signature, certified;
  if (bytes_u8(&input, &scheme) && bytes_u8(&input, &hash) && bytes_prefixed(&input, &key) &&
      bytes_prefixed(&input, &signature)) {
    bool verified = public_key_verify(key, scheme % 3, hash % 2, input, signature);
    if (certificate_public_key(input, &certified)) {
      read_all(certified);
      if (verified) accepted();
    }
  }
  free(copy);
  return 0;
}
