#include "kdf.h"
#include "sha2.h"
#include <string.h>

#define BLOCK 64

static void hmac_start(struct sha2_state *state, uint8_t outer[BLOCK], const uint8_t *key, size_t key_size);
static void hmac_end(struct sha2_state *state, const uint8_t outer[BLOCK], uint8_t mac[32]);

void hmac_sha256(const uint8_t *key, size_t key_size, const void *data, size_t size, uint8_t mac[32]) {
  struct sha2_state state;
  uint8_t outer[BLOCK];
  hmac_start(&state, outer, key, key_size);
  sha2_add(&state, data, size);
  hmac_end(&state, outer, mac);
}

void hkdf_sha256(const uint8_t *secret, size_t secret_size, const uint8_t *salt, size_t salt_size, const void *info,
                 size_t info_size, uint8_t *output, size_t output_size) {
  uint8_t key[32], block[32], outer[BLOCK];
  hmac_sha256(salt, salt_size, secret, secret_size, key);
  for (uint8_t counter = 1; output_size > 0; counter++) {
    struct sha2_state state;
    hmac_start(&state, outer, key, sizeof key);
    if (counter > 1) sha2_add(&state, block, sizeof block);
    sha2_add(&state, info, info_size);
    sha2_add(&state, &counter, 1);
    hmac_end(&state, outer, block);
    size_t part = output_size < sizeof block ? output_size : sizeof block;
    memcpy(output, block, part);
    output += part;
    output_size -= part;
  }
  explicit_bzero(key, sizeof key);
  explicit_bzero(block, sizeof block);
}

static void hmac_start(struct sha2_state *state, uint8_t outer[BLOCK], const uint8_t *key, size_t key_size) {
  uint8_t whole[BLOCK] = {0}, inner[BLOCK];
  if (key_size > BLOCK) sha256(key, key_size, whole);
  else if (key_size > 0) memcpy(whole, key, key_size);
  for (size_t i = 0; i < BLOCK; i++) {
    inner[i] = whole[i] ^ 0x36;
    outer[i] = whole[i] ^ 0x5c;
  }
  sha2_start(state, SHA_256);
  sha2_add(state, inner, BLOCK);
  explicit_bzero(whole, sizeof whole);
  explicit_bzero(inner, sizeof inner);
}

static void hmac_end(struct sha2_state *state, const uint8_t outer[BLOCK], uint8_t mac[32]) {
  uint8_t inner[32];
  sha2_end(state, inner);
  sha2_start(state, SHA_256);
  sha2_add(state, outer, BLOCK);
  sha2_add(state, inner, sizeof inner);
  sha2_end(state, mac);
}
