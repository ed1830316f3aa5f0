/* What is used of Debian's build of BoringSSL, Android's libcrypto, which is there for adbd; loaded at run time, for its
 * header is no part of the packages that the image is made of. */
#ifndef GUEST_DICE_LIBCRYPTO_H
#define GUEST_DICE_LIBCRYPTO_H
#include <stddef.h>
#include <stdint.h>

typedef struct env_md_st EVP_MD;

#define LIBCRYPTO_FUNCTIONS(X)                                                                                         \
  X(void, ED25519_keypair_from_seed, (uint8_t public_key[32], uint8_t private_key[64], const uint8_t seed[32]))        \
  X(int, ED25519_sign, (uint8_t signature[64], const uint8_t *message, size_t size, const uint8_t private_key[64]))    \
  X(const EVP_MD *, EVP_sha512, (void))                                                                                \
  X(uint8_t *, SHA512, (const uint8_t *data, size_t size, uint8_t hash[64]))                                           \
  X(int, HKDF,                                                                                                         \
    (uint8_t *out, size_t out_size, const EVP_MD *digest, const uint8_t *secret, size_t secret_size,                   \
     const uint8_t *salt, size_t salt_size, const uint8_t *info, size_t info_size))

#endif
