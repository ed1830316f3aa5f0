/* Arithmetic modulo an odd number of up to 8192 bits, for checking signatures. Nothing here is secret, so nothing takes
 * care to take the same time for every number. */
#ifndef GUEST_MODULAR_H
#define GUEST_MODULAR_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MODULAR_LIMBS 128
#define MODULAR_BYTES (8 * MODULAR_LIMBS)

/* Limbs of 64 bits, the least significant first; as many as the modulus has. */
struct modulus {
  size_t limbs;
  size_t bits;
  uint64_t value[MODULAR_LIMBS];
  /* Of the factor 2^(64 * limbs) that numbers carry while they are multiplied: its square. */
  uint64_t square[MODULAR_LIMBS];
  uint64_t negative_inverse;
};

/* `bytes` has the most significant first. False for an even number, for one below 3, and for too long a one. */
bool modulus_init(struct modulus *modulus, const uint8_t *bytes, size_t size);
/* False when the number is not below the modulus. */
bool modular_read(const struct modulus *modulus, uint64_t *number, const uint8_t *bytes, size_t size);
/* Fills `size` bytes, the most significant first. */
void modular_write(const struct modulus *modulus, const uint64_t *number, uint8_t *bytes, size_t size);

/* The rest takes numbers in Montgomery's form, and may write over what it reads. */
void modular_enter(const struct modulus *modulus, uint64_t *number);
void modular_leave(const struct modulus *modulus, uint64_t *number);
void modular_multiply(const struct modulus *modulus, uint64_t *product, const uint64_t *a, const uint64_t *b);
void modular_add(const struct modulus *modulus, uint64_t *sum, const uint64_t *a, const uint64_t *b);
void modular_subtract(const struct modulus *modulus, uint64_t *difference, const uint64_t *a, const uint64_t *b);
/* `exponent` has the most significant byte first. */
void modular_power(const struct modulus *modulus, uint64_t *power, const uint64_t *base, const uint8_t *exponent,
                   size_t size);
/* Of a prime modulus. */
void modular_invert(const struct modulus *modulus, uint64_t *inverse, const uint64_t *number);
bool modular_is_zero(const struct modulus *modulus, const uint64_t *number);
bool modular_equal(const struct modulus *modulus, const uint64_t *a, const uint64_t *b);
#endif
