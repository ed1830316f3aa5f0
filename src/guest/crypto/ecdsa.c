#include "ecdsa.h"
#include "modular.h"
#include <string.h>

#define LIMBS 9
#define MAX_SIZE 66

/* A point in Jacobian coordinates: x / z^2 and y / z^3, in Montgomery's form. At infinity z is zero. */
struct point {
  uint64_t x[LIMBS], y[LIMBS], z[LIMBS];
};

/* Numbers of NIST SP 800-186, in hexadecimal; `a` is -3 for each. */
static const struct curve {
  size_t size;
  const char *prime, *b, *x, *y, *order;
} curves[] = {
    [P_256] = {.size = 32,
               .prime = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff",
               .b = "5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604b",
               .x = "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296",
               .y = "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
               .order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"},
    [P_384] = {.size = 48,
               .prime = "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffffff0000000000000000ffffffff",
               .b = "b3312fa7e23ee7e4988e056be3f82d19181d9c6efe8141120314088f5013875ac656398d8a2ed19d2a85c8edd3ec2aef",
               .x = "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7",
               .y = "3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f",
               .order = "ffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973"},
    [P_521] = {.size = 66,
               .prime = "01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
               .b = "0051953eb9618e1c9a1f929a21a0b68540eea2da725b99b315f3b8b489918ef109e156193951ec7e937b1652c0bd3bb1bf073573df883d2c34f1ef451fd46b503f00",
               .x = "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe75928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66",
               .y = "011839296a789a3bc0045c8a5fb42c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086a272c24088be94769fd16650",
               .order = "01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409"},
};

static bool read_modulus(struct modulus *modulus, const char *hex, size_t size);
static bool read_number(const struct modulus *modulus, uint64_t *number, const char *hex, size_t size);
static void finish_point(const struct modulus *field, struct point *point);
static bool on_curve(const struct modulus *field, const struct curve *curve, const struct point *point);
static void read_digest(const struct modulus *order, uint64_t *number, const uint8_t *digest, size_t size);
static void double_point(const struct modulus *field, struct point *result, const struct point *p);
static void add_points(const struct modulus *field, struct point *result, const struct point *p, const struct point *q);
static bool bit_of(const uint64_t *number, size_t bit) { return number[bit / 64] >> (bit % 64) & 1; }

bool ecdsa_verify(enum ecdsa_curve name, const uint8_t *key, size_t key_size, const uint8_t *digest, size_t digest_size,
                  const uint8_t *r, size_t r_size, const uint8_t *s, size_t s_size) {
  const struct curve *curve = &curves[name];
  static struct modulus field, order;
  struct point base, point, both, sum = {.x = {0}};
  uint64_t signed_r[MODULAR_LIMBS], inverse[MODULAR_LIMBS], u1[MODULAR_LIMBS], u2[MODULAR_LIMBS];
  if (key_size != 2 * curve->size || !read_modulus(&field, curve->prime, curve->size) ||
      !read_modulus(&order, curve->order, curve->size))
    return false;
  if (!modular_read(&order, signed_r, r, r_size) || !modular_read(&order, inverse, s, s_size) ||
      modular_is_zero(&order, signed_r) || modular_is_zero(&order, inverse))
    return false;
  if (!modular_read(&field, point.x, key, curve->size) ||
      !modular_read(&field, point.y, key + curve->size, curve->size) ||
      !read_number(&field, base.x, curve->x, curve->size) || !read_number(&field, base.y, curve->y, curve->size))
    return false;
  finish_point(&field, &point);
  finish_point(&field, &base);
  if (!on_curve(&field, curve, &point)) return false;

  /* u1 = digest / s and u2 = r / s; one factor in Montgomery's form gives the product out of it. */
  modular_enter(&order, inverse);
  modular_invert(&order, inverse, inverse);
  read_digest(&order, u1, digest, digest_size);
  modular_multiply(&order, u1, u1, inverse);
  modular_multiply(&order, u2, signed_r, inverse);
  add_points(&field, &both, &base, &point);
  for (size_t bit = order.bits; bit-- > 0;) {
    double_point(&field, &sum, &sum);
    bool of_base = bit_of(u1, bit), of_point = bit_of(u2, bit);
    if (of_base || of_point) add_points(&field, &sum, &sum, of_base && of_point ? &both : of_base ? &base : &point);
  }
  if (modular_is_zero(&field, sum.z)) return false;

  /* The first coordinate, taken modulo the order, has to be r. */
  uint64_t z[MODULAR_LIMBS];
  modular_invert(&field, z, sum.z);
  modular_multiply(&field, z, z, z);
  modular_multiply(&field, z, z, sum.x);
  modular_leave(&field, z);
  uint64_t zero[MODULAR_LIMBS] = {0};
  modular_add(&order, z, z, zero);
  return modular_equal(&order, z, signed_r);
}

static void read_hex(uint8_t *bytes, const char *hex, size_t size) {
  for (size_t i = 0; i < 2 * size; i++) {
    int digit = hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10;
    bytes[i / 2] = (uint8_t)(i % 2 ? bytes[i / 2] << 4 | digit : digit);
  }
}

static bool read_modulus(struct modulus *modulus, const char *hex, size_t size) {
  uint8_t bytes[MAX_SIZE];
  read_hex(bytes, hex, size);
  return modulus_init(modulus, bytes, size);
}

static bool read_number(const struct modulus *modulus, uint64_t *number, const char *hex, size_t size) {
  uint8_t bytes[MAX_SIZE];
  read_hex(bytes, hex, size);
  return modular_read(modulus, number, bytes, size);
}

/* From plain coordinates. */
static void finish_point(const struct modulus *field, struct point *point) {
  memset(point->z, 0, sizeof point->z);
  point->z[0] = 1;
  modular_enter(field, point->x);
  modular_enter(field, point->y);
  modular_enter(field, point->z);
}

/* y^2 = x^3 - 3x + b */
static bool on_curve(const struct modulus *field, const struct curve *curve, const struct point *point) {
  uint64_t left[LIMBS], right[LIMBS], term[LIMBS];
  modular_multiply(field, left, point->y, point->y);
  modular_multiply(field, right, point->x, point->x);
  modular_multiply(field, right, right, point->x);
  for (int i = 0; i < 3; i++) modular_subtract(field, right, right, point->x);
  read_number(field, term, curve->b, curve->size);
  modular_enter(field, term);
  modular_add(field, right, right, term);
  return modular_equal(field, left, right);
}

/* As many of its leading bits as the order has. */
static void read_digest(const struct modulus *order, uint64_t *number, const uint8_t *digest, size_t size) {
  uint8_t bytes[MAX_SIZE] = {0};
  size_t wanted = (order->bits + 7) / 8;
  if (size > wanted) size = wanted;
  memcpy(bytes, digest, size);
  uint64_t zero[MODULAR_LIMBS] = {0};
  if (!modular_read(order, number, bytes, size)) {
    /* As long as the order, and not below it: below twice the order. */
    memset(number, 0, order->limbs * sizeof *number);
    for (size_t i = 0; i < size; i++) number[i / 8] |= (uint64_t)bytes[size - 1 - i] << (8 * (i % 8));
    modular_add(order, number, number, zero);
  }
}

static void double_point(const struct modulus *field, struct point *result, const struct point *p) {
  uint64_t delta[LIMBS], gamma[LIMBS], beta[LIMBS], alpha[LIMBS], t[LIMBS], z[LIMBS];
  modular_multiply(field, delta, p->z, p->z);
  modular_multiply(field, gamma, p->y, p->y);
  modular_multiply(field, beta, p->x, gamma);
  modular_subtract(field, t, p->x, delta);
  modular_add(field, alpha, p->x, delta);
  modular_multiply(field, t, t, alpha);
  modular_add(field, alpha, t, t);
  modular_add(field, alpha, alpha, t);
  modular_add(field, z, p->y, p->z);
  modular_multiply(field, z, z, z);
  modular_subtract(field, z, z, gamma);
  modular_subtract(field, result->z, z, delta);
  /* 4 beta */
  modular_add(field, beta, beta, beta);
  modular_add(field, beta, beta, beta);
  modular_multiply(field, t, alpha, alpha);
  modular_subtract(field, t, t, beta);
  modular_subtract(field, result->x, t, beta);
  modular_subtract(field, t, beta, result->x);
  modular_multiply(field, t, alpha, t);
  modular_multiply(field, gamma, gamma, gamma);
  for (int i = 0; i < 3; i++) modular_add(field, gamma, gamma, gamma);
  modular_subtract(field, result->y, t, gamma);
}

static void add_points(const struct modulus *field, struct point *result, const struct point *p, const struct point *q) {
  if (modular_is_zero(field, p->z) || modular_is_zero(field, q->z)) {
    *result = modular_is_zero(field, p->z) ? *q : *p;
    return;
  }
  uint64_t zz1[LIMBS], zz2[LIMBS], u1[LIMBS], u2[LIMBS], s1[LIMBS], s2[LIMBS], t[LIMBS];
  modular_multiply(field, zz1, p->z, p->z);
  modular_multiply(field, zz2, q->z, q->z);
  modular_multiply(field, u1, p->x, zz2);
  modular_multiply(field, u2, q->x, zz1);
  modular_multiply(field, s1, p->y, zz2);
  modular_multiply(field, s1, s1, q->z);
  modular_multiply(field, s2, q->y, zz1);
  modular_multiply(field, s2, s2, p->z);
  modular_subtract(field, u2, u2, u1);
  modular_subtract(field, s2, s2, s1);
  if (modular_is_zero(field, u2)) {
    if (modular_is_zero(field, s2)) double_point(field, result, p);
    else memset(result, 0, sizeof *result);
    return;
  }
  /* u2 and s2 are the differences h and r now. */
  modular_multiply(field, t, p->z, q->z);
  modular_multiply(field, result->z, t, u2);
  modular_multiply(field, zz1, u2, u2);
  modular_multiply(field, zz2, zz1, u2);
  modular_multiply(field, u1, u1, zz1);
  modular_multiply(field, t, s2, s2);
  modular_subtract(field, t, t, zz2);
  modular_subtract(field, t, t, u1);
  modular_subtract(field, result->x, t, u1);
  modular_subtract(field, t, u1, result->x);
  modular_multiply(field, t, s2, t);
  modular_multiply(field, s1, s1, zz2);
  modular_subtract(field, result->y, t, s1);
}
