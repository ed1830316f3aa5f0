/* SHA-256 and SHA-512 (FIPS 180-4). */
#ifndef GUEST_SHA2_H
#define GUEST_SHA2_H
#include <stddef.h>
#include <stdint.h>

#define SHA256_SIZE 32
#define SHA512_SIZE 64
#define SHA2_MAX_BLOCK 128

enum sha2 { SHA_256, SHA_512 };

struct sha2_state {
  enum sha2 kind;
  union {
    uint32_t words32[8];
    uint64_t words64[8];
  };
  uint8_t block[SHA2_MAX_BLOCK];
  size_t filled;
  uint64_t total;
};

size_t sha2_size(enum sha2 kind);
void sha2_start(struct sha2_state *state, enum sha2 kind);
void sha2_add(struct sha2_state *state, const void *data, size_t size);
/* Writes `sha2_size` bytes. */
void sha2_end(struct sha2_state *state, uint8_t *digest);
void sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]);
#endif
