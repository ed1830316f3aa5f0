/* SHA-256 and SHA-512 (FIPS 180-4), by mbed TLS. */
#ifndef GUEST_SHA2_H
#define GUEST_SHA2_H
#include <mbedtls/md.h>
#include <mbedtls/sha256.h>
#include <mbedtls/sha512.h>
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA512_SIZE 64

enum sha2 { SHA_256, SHA_512 };

/* Holds nothing that would have to be freed. */
struct sha2_state {
  enum sha2 kind;
  union {
    mbedtls_sha256_context sha256;
    mbedtls_sha512_context sha512;
  };
};

size_t sha2_size(enum sha2 kind);
mbedtls_md_type_t sha2_type(enum sha2 kind);
void sha2_start(struct sha2_state *state, enum sha2 kind);
void sha2_add(struct sha2_state *state, const void *data, size_t size);
/* Writes `sha2_size` bytes. */
void sha2_end(struct sha2_state *state, uint8_t *digest);
void sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]);
#endif
