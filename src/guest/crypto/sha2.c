#include "sha2.h"

/* What mbed TLS computes in software cannot fail: its results are for chips that do it instead. */

size_t sha2_size(enum sha2 kind) { return kind == SHA_256 ? SHA256_SIZE : SHA512_SIZE; }

mbedtls_md_type_t sha2_type(enum sha2 kind) { return kind == SHA_256 ? MBEDTLS_MD_SHA256 : MBEDTLS_MD_SHA512; }

void sha2_start(struct sha2_state *state, enum sha2 kind) {
  state->kind = kind;
  if (kind == SHA_256) {
    mbedtls_sha256_init(&state->sha256);
    mbedtls_sha256_starts(&state->sha256, 0);
  } else {
    mbedtls_sha512_init(&state->sha512);
    mbedtls_sha512_starts(&state->sha512, 0);
  }
}

void sha2_add(struct sha2_state *state, const void *data, size_t size) {
  if (state->kind == SHA_256) mbedtls_sha256_update(&state->sha256, data, size);
  else mbedtls_sha512_update(&state->sha512, data, size);
}

void sha2_end(struct sha2_state *state, uint8_t *digest) {
  if (state->kind == SHA_256) mbedtls_sha256_finish(&state->sha256, digest);
  else mbedtls_sha512_finish(&state->sha512, digest);
}

void sha256(const void *data, size_t size, uint8_t digest[SHA256_SIZE]) {
  mbedtls_sha256(data, size, digest, 0);
}
