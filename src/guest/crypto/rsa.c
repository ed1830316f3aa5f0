#include "rsa.h"
#include "modular.h"
#include <string.h>

#define MAX_EXPONENT 8
/* Smaller keys are no use to anybody, and their messages too short for a hash. */
#define MIN_BITS 512

static bool is_pkcs1(const uint8_t *message, size_t size, enum sha2 kind, const uint8_t *digest);
static bool is_pss(uint8_t *message, size_t size, size_t bits, enum sha2 kind, const uint8_t *digest);
static void mask(uint8_t *data, size_t size, const uint8_t *seed, enum sha2 kind);

bool rsa_verify(const struct rsa_key *key, enum rsa_padding padding, enum sha2 kind, const uint8_t *digest,
                const uint8_t *signature, size_t signature_size) {
  static struct modulus modulus;
  uint64_t number[MODULAR_LIMBS];
  uint8_t message[MODULAR_BYTES];
  if (key->exponent_size > MAX_EXPONENT || !modulus_init(&modulus, key->modulus, key->modulus_size)) return false;
  size_t size = (modulus.bits + 7) / 8;
  if (modulus.bits < MIN_BITS || signature_size != size || !modular_read(&modulus, number, signature, size)) return false;
  modular_enter(&modulus, number);
  modular_power(&modulus, number, number, key->exponent, key->exponent_size);
  modular_leave(&modulus, number);
  modular_write(&modulus, number, message, size);
  if (padding == RSA_PKCS1) return is_pkcs1(message, size, kind, digest);
  /* One bit less than the modulus has: where that is a whole byte less, the byte is zero. */
  bool shorter = modulus.bits % 8 == 1;
  if (shorter && message[0] != 0) return false;
  return is_pss(message + shorter, size - shorter, modulus.bits - 1, kind, digest);
}

/* 00 01 FF .. FF 00, what hash it is, the hash. */
static bool is_pkcs1(const uint8_t *message, size_t size, enum sha2 kind, const uint8_t *digest) {
  static const uint8_t sha256_head[] = {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20};
  static const uint8_t sha512_head[] = {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40};
  const uint8_t *head = kind == SHA_256 ? sha256_head : sha512_head;
  size_t tail = sizeof sha256_head + sha2_size(kind);
  if (size < tail + 11 || message[0] != 0 || message[1] != 1) return false;
  size_t at = 2;
  while (at < size - tail - 1) {
    if (message[at++] != 0xff) return false;
  }
  return message[at] == 0 && memcmp(message + at + 1, head, sizeof sha256_head) == 0 &&
         memcmp(message + at + 1 + sizeof sha256_head, digest, sha2_size(kind)) == 0;
}

/* Masked (zeros 01 salt), a hash over the digest and the salt, BC. */
static bool is_pss(uint8_t *message, size_t size, size_t bits, enum sha2 kind, const uint8_t *digest) {
  static const uint8_t zeros[8];
  size_t hash_size = sha2_size(kind);
  if (size < 2 * hash_size + 2 || message[size - 1] != 0xbc) return false;
  size_t block_size = size - hash_size - 1;
  const uint8_t *hash = message + block_size;
  uint8_t top = (uint8_t)(0xff >> (8 * size - bits));
  if (message[0] & ~top) return false;
  mask(message, block_size, hash, kind);
  message[0] &= top;
  size_t at = 0;
  while (at < block_size - hash_size - 1) {
    if (message[at++] != 0) return false;
  }
  if (message[at] != 1) return false;
  struct sha2_state state;
  uint8_t expected[SHA512_SIZE];
  sha2_start(&state, kind);
  sha2_add(&state, zeros, sizeof zeros);
  sha2_add(&state, digest, hash_size);
  sha2_add(&state, message + at + 1, hash_size);
  sha2_end(&state, expected);
  return memcmp(expected, hash, hash_size) == 0;
}

static void mask(uint8_t *data, size_t size, const uint8_t *seed, enum sha2 kind) {
  size_t hash_size = sha2_size(kind);
  for (uint8_t counter = 0; size > 0; counter++) {
    const uint8_t number[4] = {0, 0, 0, counter};
    struct sha2_state state;
    uint8_t piece[SHA512_SIZE];
    sha2_start(&state, kind);
    sha2_add(&state, seed, hash_size);
    sha2_add(&state, number, sizeof number);
    sha2_end(&state, piece);
    size_t part = size < hash_size ? size : hash_size;
    for (size_t i = 0; i < part; i++) data[i] ^= piece[i];
    data += part;
    size -= part;
  }
}
