/* Checks RSA signatures (RFC 8017), by mbed TLS: PKCS#1 v1.5, and PSS with a salt as long as the hash. */
#ifndef GUEST_RSA_H
#define GUEST_RSA_H
#include "sha2.h"
#include <stdbool.h>

enum rsa_padding { RSA_PKCS1, RSA_PSS };

struct rsa_key {
  const uint8_t *modulus;
  size_t modulus_size;
  const uint8_t *exponent;
  size_t exponent_size;
};

bool rsa_verify(const struct rsa_key *key, enum rsa_padding padding, enum sha2 kind, const uint8_t *digest,
                const uint8_t *signature, size_t signature_size);
#endif
