/* Checks ECDSA signatures (FIPS 186) over the curves P-256, P-384 and P-521, by mbed TLS. */
#ifndef GUEST_ECDSA_H
#define GUEST_ECDSA_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ecdsa_curve { P_256, P_384, P_521 };

/* A public key is a point, `point` its two coordinates of equal size; r and s are big-endian numbers of any size. */
bool ecdsa_verify(enum ecdsa_curve curve, const uint8_t *point, size_t point_size, const uint8_t *digest,
                  size_t digest_size, const uint8_t *r, size_t r_size, const uint8_t *s, size_t s_size);
#endif
