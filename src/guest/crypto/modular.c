#include "modular.h"
#include <string.h>

typedef unsigned __int128 wide;

static bool below(const uint64_t *a, const uint64_t *b, size_t limbs);
static uint64_t subtract(uint64_t *from, const uint64_t *what, size_t limbs);
static void read_limbs(uint64_t *limbs, size_t count, const uint8_t *bytes, size_t size);

bool modulus_init(struct modulus *modulus, const uint8_t *bytes, size_t size) {
  while (size > 0 && *bytes == 0) bytes++, size--;
  if (size == 0 || size > MODULAR_BYTES || (bytes[size - 1] & 1) == 0 || (size == 1 && *bytes < 3)) return false;
  modulus->limbs = (size + 7) / 8;
  modulus->bits = 8 * size - (size_t)(__builtin_clz(*bytes) - 24);
  read_limbs(modulus->value, modulus->limbs, bytes, size);
  /* Newton's method doubles the right bits of the inverse with each step, from three. */
  uint64_t inverse = modulus->value[0];
  for (int i = 0; i < 5; i++) inverse *= 2 - modulus->value[0] * inverse;
  modulus->negative_inverse = 0 - inverse;
  memset(modulus->square, 0, sizeof modulus->square);
  modulus->square[0] = 1;
  for (size_t i = 0; i < 2 * 64 * modulus->limbs; i++)
    modular_add(modulus, modulus->square, modulus->square, modulus->square);
  return true;
}

bool modular_read(const struct modulus *modulus, uint64_t *number, const uint8_t *bytes, size_t size) {
  while (size > 0 && *bytes == 0) bytes++, size--;
  if (size > 8 * modulus->limbs) return false;
  read_limbs(number, modulus->limbs, bytes, size);
  return below(number, modulus->value, modulus->limbs);
}

void modular_write(const struct modulus *modulus, const uint64_t *number, uint8_t *bytes, size_t size) {
  for (size_t i = 0; i < size; i++)
    bytes[size - 1 - i] = i / 8 < modulus->limbs ? (uint8_t)(number[i / 8] >> (8 * (i % 8))) : 0;
}

void modular_enter(const struct modulus *modulus, uint64_t *number) {
  modular_multiply(modulus, number, number, modulus->square);
}

void modular_leave(const struct modulus *modulus, uint64_t *number) {
  uint64_t one[MODULAR_LIMBS] = {1};
  modular_multiply(modulus, number, number, one);
}

/* Montgomery's product: after each limb of `a`, a multiple of the modulus makes the lowest limb zero. */
void modular_multiply(const struct modulus *modulus, uint64_t *product, const uint64_t *a, const uint64_t *b) {
  size_t limbs = modulus->limbs;
  uint64_t sum[MODULAR_LIMBS + 2] = {0};
  for (size_t i = 0; i < limbs; i++) {
    wide carry = 0;
    for (size_t j = 0; j < limbs; j++) {
      carry += (wide)a[i] * b[j] + sum[j];
      sum[j] = (uint64_t)carry;
      carry >>= 64;
    }
    carry += sum[limbs];
    sum[limbs] = (uint64_t)carry;
    sum[limbs + 1] = (uint64_t)(carry >> 64);
    uint64_t factor = sum[0] * modulus->negative_inverse;
    carry = ((wide)factor * modulus->value[0] + sum[0]) >> 64;
    for (size_t j = 1; j < limbs; j++) {
      carry += (wide)factor * modulus->value[j] + sum[j];
      sum[j - 1] = (uint64_t)carry;
      carry >>= 64;
    }
    carry += sum[limbs];
    sum[limbs - 1] = (uint64_t)carry;
    sum[limbs] = sum[limbs + 1] + (uint64_t)(carry >> 64);
  }
  if (sum[limbs] || !below(sum, modulus->value, limbs)) subtract(sum, modulus->value, limbs);
  memcpy(product, sum, limbs * sizeof *sum);
}

void modular_add(const struct modulus *modulus, uint64_t *sum, const uint64_t *a, const uint64_t *b) {
  wide carry = 0;
  for (size_t i = 0; i < modulus->limbs; i++) {
    carry += (wide)a[i] + b[i];
    sum[i] = (uint64_t)carry;
    carry >>= 64;
  }
  if (carry || !below(sum, modulus->value, modulus->limbs)) subtract(sum, modulus->value, modulus->limbs);
}

void modular_subtract(const struct modulus *modulus, uint64_t *difference, const uint64_t *a, const uint64_t *b) {
  uint64_t from[MODULAR_LIMBS];
  memcpy(from, a, modulus->limbs * sizeof *from);
  bool negative = subtract(from, b, modulus->limbs) != 0;
  wide carry = 0;
  for (size_t i = 0; i < modulus->limbs; i++) {
    carry += (wide)from[i] + (negative ? modulus->value[i] : 0);
    difference[i] = (uint64_t)carry;
    carry >>= 64;
  }
}

void modular_power(const struct modulus *modulus, uint64_t *power, const uint64_t *base, const uint8_t *exponent,
                   size_t size) {
  uint64_t result[MODULAR_LIMBS] = {1};
  modular_enter(modulus, result);
  for (size_t bit = 0; bit < 8 * size; bit++) {
    modular_multiply(modulus, result, result, result);
    if (exponent[bit / 8] >> (7 - bit % 8) & 1) modular_multiply(modulus, result, result, base);
  }
  memcpy(power, result, modulus->limbs * sizeof *power);
}

/* Fermat: the power of modulus - 2. */
void modular_invert(const struct modulus *modulus, uint64_t *inverse, const uint64_t *number) {
  uint64_t exponent[MODULAR_LIMBS], two[MODULAR_LIMBS] = {2};
  uint8_t bytes[MODULAR_BYTES];
  memcpy(exponent, modulus->value, modulus->limbs * sizeof *exponent);
  subtract(exponent, two, modulus->limbs);
  modular_write(modulus, exponent, bytes, 8 * modulus->limbs);
  modular_power(modulus, inverse, number, bytes, 8 * modulus->limbs);
}

bool modular_is_zero(const struct modulus *modulus, const uint64_t *number) {
  uint64_t any = 0;
  for (size_t i = 0; i < modulus->limbs; i++) any |= number[i];
  return any == 0;
}

bool modular_equal(const struct modulus *modulus, const uint64_t *a, const uint64_t *b) {
  return memcmp(a, b, modulus->limbs * sizeof *a) == 0;
}

static bool below(const uint64_t *a, const uint64_t *b, size_t limbs) {
  while (limbs-- > 0) {
    if (a[limbs] != b[limbs]) return a[limbs] < b[limbs];
  }
  return false;
}

/* Returns the borrow. */
static uint64_t subtract(uint64_t *from, const uint64_t *what, size_t limbs) {
  uint64_t borrow = 0;
  for (size_t i = 0; i < limbs; i++) {
    wide difference = (wide)from[i] - what[i] - borrow;
    from[i] = (uint64_t)difference;
    borrow = (uint64_t)(difference >> 64) & 1;
  }
  return borrow;
}

static void read_limbs(uint64_t *limbs, size_t count, const uint8_t *bytes, size_t size) {
  memset(limbs, 0, count * sizeof *limbs);
  for (size_t i = 0; i < size; i++) limbs[i / 8] |= (uint64_t)bytes[size - 1 - i] << (8 * (i % 8));
}
