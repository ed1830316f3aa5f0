#include "aes-gcm.h"
#include <string.h>

#define ROUNDS 14
#define BLOCK 16

struct aes {
  uint8_t keys[(ROUNDS + 1) * BLOCK];
};

static uint8_t substitutes[256];

static void make_substitutes(void);
static void expand_key(struct aes *aes, const uint8_t key[GCM_KEY_SIZE]);
static void encrypt_block(const struct aes *aes, uint8_t block[BLOCK]);
static uint8_t twice(uint8_t value) { return (uint8_t)(value << 1 ^ (value & 0x80 ? 0x1b : 0)); }
static void count_and_mix(const struct aes *aes, const uint8_t nonce[GCM_NONCE_SIZE], uint8_t *data, size_t size);
static void make_tag(const struct aes *aes, const uint8_t nonce[GCM_NONCE_SIZE], const void *associated,
                     size_t associated_size, const uint8_t *data, size_t size, uint8_t tag[GCM_TAG_SIZE]);
static void hash_in(uint8_t hash[BLOCK], const uint8_t subkey[BLOCK], const uint8_t *data, size_t size);
static void multiply(uint8_t value[BLOCK], const uint8_t subkey[BLOCK]);

void gcm_seal(const uint8_t key[GCM_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], const void *associated,
              size_t associated_size, uint8_t *data, size_t size, uint8_t tag[GCM_TAG_SIZE]) {
  struct aes aes;
  expand_key(&aes, key);
  count_and_mix(&aes, nonce, data, size);
  make_tag(&aes, nonce, associated, associated_size, data, size, tag);
  explicit_bzero(&aes, sizeof aes);
}

bool gcm_open(const uint8_t key[GCM_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], const void *associated,
              size_t associated_size, uint8_t *data, size_t size, const uint8_t tag[GCM_TAG_SIZE]) {
  struct aes aes;
  uint8_t expected[GCM_TAG_SIZE];
  expand_key(&aes, key);
  make_tag(&aes, nonce, associated, associated_size, data, size, expected);
  uint8_t difference = 0;
  for (int i = 0; i < GCM_TAG_SIZE; i++) difference |= expected[i] ^ tag[i];
  if (difference == 0) count_and_mix(&aes, nonce, data, size);
  explicit_bzero(&aes, sizeof aes);
  return difference == 0;
}

/* The S-box: inverse in GF(2^8), then an affine map. 3 generates the field, so that its powers pair up inverses. */
static void make_substitutes(void) {
  uint8_t powers[255];
  uint8_t value = 1;
  for (int i = 0; i < 255; i++) {
    powers[i] = value;
    value ^= twice(value);
  }
  for (int i = 0; i < 255; i++) {
    uint8_t inverse = powers[(255 - i) % 255];
    uint8_t result = 0x63;
    for (int turn = 0; turn < 5; turn++) result ^= (uint8_t)(inverse << turn | inverse >> (8 - turn));
    substitutes[powers[i]] = result;
  }
  substitutes[0] = 0x63;
}

static void expand_key(struct aes *aes, const uint8_t key[GCM_KEY_SIZE]) {
  if (!substitutes[0]) make_substitutes();
  memcpy(aes->keys, key, GCM_KEY_SIZE);
  uint8_t constant = 1;
  for (size_t at = GCM_KEY_SIZE; at < sizeof aes->keys; at += 4) {
    uint8_t word[4];
    memcpy(word, aes->keys + at - 4, 4);
    if (at % GCM_KEY_SIZE == 0) {
      uint8_t first = word[0];
      for (int i = 0; i < 4; i++) word[i] = substitutes[i < 3 ? word[i + 1] : first];
      word[0] ^= constant;
      constant = twice(constant);
    } else if (at % GCM_KEY_SIZE == 16) {
      for (int i = 0; i < 4; i++) word[i] = substitutes[word[i]];
    }
    for (int i = 0; i < 4; i++) aes->keys[at + (size_t)i] = aes->keys[at - GCM_KEY_SIZE + (size_t)i] ^ word[i];
  }
}

static void encrypt_block(const struct aes *aes, uint8_t block[BLOCK]) {
  for (int i = 0; i < BLOCK; i++) block[i] ^= aes->keys[i];
  for (int round = 1; round <= ROUNDS; round++) {
    uint8_t moved[BLOCK];
    /* Substitute bytes and shift rows: row r of column c comes from column c + r. */
    for (int i = 0; i < BLOCK; i++) moved[i] = substitutes[block[(i + 4 * (i % 4)) % BLOCK]];
    for (int column = 0; column < BLOCK; column += 4) {
      uint8_t *at = moved + column;
      uint8_t all = at[0] ^ at[1] ^ at[2] ^ at[3];
      for (int i = 0; i < 4; i++) {
        uint8_t mixed = at[i];
        if (round < ROUNDS) mixed ^= all ^ twice(at[i] ^ at[(i + 1) % 4]);
        block[column + i] = mixed ^ aes->keys[round * BLOCK + column + i];
      }
    }
  }
}

/* Counter mode from 2 on: 1 belongs to the tag. */
static void count_and_mix(const struct aes *aes, const uint8_t nonce[GCM_NONCE_SIZE], uint8_t *data, size_t size) {
  for (uint32_t counter = 2; size > 0; counter++) {
    uint8_t block[BLOCK];
    memcpy(block, nonce, GCM_NONCE_SIZE);
    for (int i = 0; i < 4; i++) block[GCM_NONCE_SIZE + i] = (uint8_t)(counter >> (24 - 8 * i));
    encrypt_block(aes, block);
    size_t part = size < BLOCK ? size : BLOCK;
    for (size_t i = 0; i < part; i++) data[i] ^= block[i];
    data += part;
    size -= part;
  }
}

static void make_tag(const struct aes *aes, const uint8_t nonce[GCM_NONCE_SIZE], const void *associated,
                     size_t associated_size, const uint8_t *data, size_t size, uint8_t tag[GCM_TAG_SIZE]) {
  uint8_t subkey[BLOCK] = {0}, lengths[BLOCK], first[BLOCK] = {[BLOCK - 1] = 1};
  encrypt_block(aes, subkey);
  memset(tag, 0, GCM_TAG_SIZE);
  hash_in(tag, subkey, associated, associated_size);
  hash_in(tag, subkey, data, size);
  for (int i = 0; i < 8; i++) {
    lengths[i] = (uint8_t)((uint64_t)associated_size * 8 >> (56 - 8 * i));
    lengths[8 + i] = (uint8_t)((uint64_t)size * 8 >> (56 - 8 * i));
  }
  hash_in(tag, subkey, lengths, sizeof lengths);
  memcpy(first, nonce, GCM_NONCE_SIZE);
  encrypt_block(aes, first);
  for (int i = 0; i < GCM_TAG_SIZE; i++) tag[i] ^= first[i];
}

static void hash_in(uint8_t hash[BLOCK], const uint8_t subkey[BLOCK], const uint8_t *data, size_t size) {
  while (size > 0) {
    size_t part = size < BLOCK ? size : BLOCK;
    for (size_t i = 0; i < part; i++) hash[i] ^= data[i];
    multiply(hash, subkey);
    data += part;
    size -= part;
  }
}

/* In GF(2^128), bits counted from the left. */
static void multiply(uint8_t value[BLOCK], const uint8_t subkey[BLOCK]) {
  uint8_t product[BLOCK] = {0}, factor[BLOCK];
  memcpy(factor, subkey, BLOCK);
  for (int bit = 0; bit < 128; bit++) {
    if (value[bit / 8] & 0x80 >> bit % 8) {
      for (int i = 0; i < BLOCK; i++) product[i] ^= factor[i];
    }
    uint8_t lost = factor[BLOCK - 1] & 1;
    for (int i = BLOCK - 1; i > 0; i--) factor[i] = (uint8_t)(factor[i] >> 1 | factor[i - 1] << 7);
    factor[0] >>= 1;
    if (lost) factor[0] ^= 0xe1;
  }
  memcpy(value, product, BLOCK);
}
