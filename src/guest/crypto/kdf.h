/* Keys from secrets: HKDF (RFC 5869) with SHA-256, by mbed TLS. */
#ifndef GUEST_KDF_H
#define GUEST_KDF_H
#include <stddef.h>
#include <stdint.h>

#define KDF_MAX_OUTPUT (255 * 32)

/* At most KDF_MAX_OUTPUT bytes. Aborts when memory runs out, so that nothing else is taken for a key. */
void hkdf_sha256(const uint8_t *secret, size_t secret_size, const uint8_t *salt, size_t salt_size, const void *info,
                 size_t info_size, uint8_t *output, size_t output_size);
#endif
