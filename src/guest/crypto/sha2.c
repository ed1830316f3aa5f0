#include "sha2.h"
#include <string.h>

/* Fractional parts of the cube roots of the first primes; the upper halves are SHA-256's. */
static const uint64_t round_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};
static const uint64_t start_of_512[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                         0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                         0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};

static size_t block_size(enum sha2 kind) { return kind == SHA_256 ? 64 : 128; }
static void compress256(uint32_t state[8], const uint8_t *block);
static void compress512(uint64_t state[8], const uint8_t *block);
static void compress(struct sha2_state *state, const uint8_t *block);
static uint32_t turn32(uint32_t value, int count) { return value >> count | value << (32 - count); }
static uint64_t turn64(uint64_t value, int count) { return value >> count | value << (64 - count); }

size_t sha2_size(enum sha2 kind) { return kind == SHA_256 ? SHA256_SIZE : SHA512_SIZE; }

void sha2_start(struct sha2_state *state, enum sha2 kind) {
  memset(state, 0, sizeof *state);
  state->kind = kind;
  for (int i = 0; i < 8; i++) {
    if (kind == SHA_256) state->words32[i] = (uint32_t)(start_of_512[i] >> 32);
    else state->words64[i] = start_of_512[i];
  }
}

void sha2_add(struct sha2_state *state, const void *data, size_t size) {
  const uint8_t *from = data;
  size_t whole = block_size(state->kind);
  state->total += size;
  if (state->filled > 0) {
    size_t part = size < whole - state->filled ? size : whole - state->filled;
    memcpy(state->block + state->filled, from, part);
    state->filled += part;
    from += part;
    size -= part;
    if (state->filled < whole) return;
    compress(state, state->block);
    state->filled = 0;
  }
  for (; size >= whole; from += whole, size -= whole) compress(state, from);
  if (size > 0) memcpy(state->block, from, size);
  state->filled = size;
}

void sha2_end(struct sha2_state *state, uint8_t *digest) {
  size_t whole = block_size(state->kind);
  size_t length_size = whole / 8;
  uint64_t bits = state->total * 8;
  static const uint8_t padding[SHA2_MAX_BLOCK] = {0x80};
  size_t rest = state->filled < whole - length_size ? whole - length_size - state->filled
                                                    : 2 * whole - length_size - state->filled;
  sha2_add(state, padding, rest);
  uint8_t length[16] = {0};
  for (size_t i = 0; i < 8; i++) length[length_size - 1 - i] = (uint8_t)(bits >> (8 * i));
  sha2_add(state, length, length_size);
  for (size_t i = 0; i < sha2_size(state->kind); i++) {
    digest[i] = state->kind == SHA_256 ? (uint8_t)(state->words32[i / 4] >> (24 - 8 * (i % 4)))
                                       : (uint8_t)(state->words64[i / 8] >> (56 - 8 * (i % 8)));
  }
}

void sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]) {
  struct sha2_state state;
  sha2_start(&state, SHA_256);
  sha2_add(&state, data, size);
  sha2_end(&state, digest);
}

static void compress(struct sha2_state *state, const uint8_t *block) {
  if (state->kind == SHA_256) compress256(state->words32, block);
  else compress512(state->words64, block);
}

static void compress256(uint32_t state[8], const uint8_t *block) {
  uint32_t w[64], v[8];
  for (int i = 0; i < 16; i++, block += 4)
    w[i] = (uint32_t)block[0] << 24 | (uint32_t)block[1] << 16 | (uint32_t)block[2] << 8 | block[3];
  for (int i = 16; i < 64; i++) {
    uint32_t low = turn32(w[i - 15], 7) ^ turn32(w[i - 15], 18) ^ w[i - 15] >> 3;
    uint32_t high = turn32(w[i - 2], 17) ^ turn32(w[i - 2], 19) ^ w[i - 2] >> 10;
    w[i] = w[i - 16] + low + w[i - 7] + high;
  }
  memcpy(v, state, sizeof v);
  for (int i = 0; i < 64; i++) {
    uint32_t sum1 = turn32(v[4], 6) ^ turn32(v[4], 11) ^ turn32(v[4], 25);
    uint32_t one = v[7] + sum1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + (uint32_t)(round_constants[i] >> 32) + w[i];
    uint32_t sum0 = turn32(v[0], 2) ^ turn32(v[0], 13) ^ turn32(v[0], 22);
    uint32_t two = sum0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += one;
    v[0] = one + two;
  }
  for (int i = 0; i < 8; i++) state[i] += v[i];
}

static void compress512(uint64_t state[8], const uint8_t *block) {
  uint64_t w[80], v[8];
  for (int i = 0; i < 16; i++, block += 8) {
    w[i] = 0;
    for (int byte = 0; byte < 8; byte++) w[i] = w[i] << 8 | block[byte];
  }
  for (int i = 16; i < 80; i++) {
    uint64_t low = turn64(w[i - 15], 1) ^ turn64(w[i - 15], 8) ^ w[i - 15] >> 7;
    uint64_t high = turn64(w[i - 2], 19) ^ turn64(w[i - 2], 61) ^ w[i - 2] >> 6;
    w[i] = w[i - 16] + low + w[i - 7] + high;
  }
  memcpy(v, state, sizeof v);
  for (int i = 0; i < 80; i++) {
    uint64_t sum1 = turn64(v[4], 14) ^ turn64(v[4], 18) ^ turn64(v[4], 41);
    uint64_t one = v[7] + sum1 + ((v[4] & v[5]) ^ (~v[4] & v[6])) + round_constants[i] + w[i];
    uint64_t sum0 = turn64(v[0], 28) ^ turn64(v[0], 34) ^ turn64(v[0], 39);
    uint64_t two = sum0 + ((v[0] & v[1]) ^ (v[0] & v[2]) ^ (v[1] & v[2]));
    memmove(v + 1, v, 7 * sizeof *v);
    v[4] += one;
    v[0] = one + two;
  }
  for (int i = 0; i < 8; i++) state[i] += v[i];
}
