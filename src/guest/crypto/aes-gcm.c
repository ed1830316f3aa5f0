#include "aes-gcm.h"
#include <mbedtls/gcm.h>
#include <stdlib.h>

static void start(mbedtls_gcm_context *gcm, const uint8_t key[GCM_KEY_SIZE]);

void gcm_seal(const uint8_t key[GCM_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], const void *associated,
              size_t associated_size, uint8_t *data, size_t size, uint8_t tag[GCM_TAG_SIZE]) {
  mbedtls_gcm_context gcm;
  start(&gcm, key);
  int error = mbedtls_gcm_crypt_and_tag(&gcm, MBEDTLS_GCM_ENCRYPT, size, nonce, GCM_NONCE_SIZE, associated,
                                        associated_size, data, data, GCM_TAG_SIZE, tag);
  mbedtls_gcm_free(&gcm);
  if (error) abort();
}

bool gcm_open(const uint8_t key[GCM_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], const void *associated,
              size_t associated_size, const uint8_t *sealed, size_t size, const uint8_t tag[GCM_TAG_SIZE],
              uint8_t *data) {
  mbedtls_gcm_context gcm;
  start(&gcm, key);
  int error = mbedtls_gcm_auth_decrypt(&gcm, size, nonce, GCM_NONCE_SIZE, associated, associated_size, tag,
                                       GCM_TAG_SIZE, sealed, data);
  mbedtls_gcm_free(&gcm);
  return error == 0;
}

static void start(mbedtls_gcm_context *gcm, const uint8_t key[GCM_KEY_SIZE]) {
  mbedtls_gcm_init(gcm);
  if (mbedtls_gcm_setkey(gcm, MBEDTLS_CIPHER_ID_AES, key, 8 * GCM_KEY_SIZE) != 0) abort();
}
