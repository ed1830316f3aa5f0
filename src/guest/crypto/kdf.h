/* Keys from secrets: HMAC-SHA-256 (RFC 2104) and HKDF on it (RFC 5869). */
#ifndef GUEST_KDF_H
#define GUEST_KDF_H
#include <stddef.h>
#include <stdint.h>

#define KDF_MAX_OUTPUT (255 * 32)

void hmac_sha256(const uint8_t *key, size_t key_size, const void *data, size_t size, uint8_t mac[32]);
/* At most KDF_MAX_OUTPUT bytes. */
void hkdf_sha256(const uint8_t *secret, size_t secret_size, const uint8_t *salt, size_t salt_size, const void *info,
                 size_t info_size, uint8_t *output, size_t output_size);
#endif
