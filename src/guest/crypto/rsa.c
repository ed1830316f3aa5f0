#include "rsa.h"
#include <mbedtls/rsa.h>

#define MAX_EXPONENT 8
/* Smaller keys are no use to anybody, and their messages too short for a hash. */
#define MIN_BITS 512
#define MAX_BITS 8192

static bool load(mbedtls_rsa_context *rsa, const struct rsa_key *key);

bool rsa_verify(const struct rsa_key *key, enum rsa_padding padding, enum sha2 kind, const uint8_t *digest,
                const uint8_t *signature, size_t signature_size) {
  mbedtls_md_type_t hash = sha2_type(kind);
  unsigned size = (unsigned)sha2_size(kind);
  mbedtls_rsa_context rsa;
  mbedtls_rsa_init(&rsa);
  bool verified = load(&rsa, key) && signature_size == mbedtls_rsa_get_len(&rsa);
  if (verified && padding == RSA_PKCS1)
    verified = mbedtls_rsa_rsassa_pkcs1_v15_verify(&rsa, hash, size, digest, signature) == 0;
  else if (verified)
    verified = mbedtls_rsa_rsassa_pss_verify_ext(&rsa, hash, size, digest, hash, (int)size, signature) == 0;
  mbedtls_rsa_free(&rsa);
  return verified;
}

static bool load(mbedtls_rsa_context *rsa, const struct rsa_key *key) {
  if (key->exponent_size > MAX_EXPONENT || key->modulus_size > MAX_BITS / 8 + 1) return false;
  if (mbedtls_rsa_import_raw(rsa, key->modulus, key->modulus_size, NULL, 0, NULL, 0, NULL, 0, key->exponent,
                             key->exponent_size) != 0 ||
      mbedtls_rsa_complete(rsa) != 0 || mbedtls_rsa_check_pubkey(rsa) != 0)
    return false;
  size_t bits = mbedtls_rsa_get_bitlen(rsa);
  return bits >= MIN_BITS && bits <= MAX_BITS;
}
