/* AES-256-GCM (NIST SP 800-38D) for a few hundred bytes, by mbed TLS. */
#ifndef GUEST_AES_GCM_H
#define GUEST_AES_GCM_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GCM_KEY_SIZE 32
#define GCM_NONCE_SIZE 12
#define GCM_TAG_SIZE 16

/* Encrypts in place and writes the tag. A nonce is never used twice with a key. Aborts when memory runs out. */
void gcm_seal(const uint8_t key[GCM_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], const void *associated,
              size_t associated_size, uint8_t *data, size_t size, uint8_t tag[GCM_TAG_SIZE]);
/* Decrypts `sealed` into `data`, which is another place. False, and zeros there, when the tag does not fit. */
bool gcm_open(const uint8_t key[GCM_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE], const void *associated,
              size_t associated_size, const uint8_t *sealed, size_t size, const uint8_t tag[GCM_TAG_SIZE],
              uint8_t *data);
#endif
