#include "public-key.h"
#include "../../crypto/ecdsa.h"
#include "../../crypto/rsa.h"
#include <string.h>

enum tag { INTEGER = 0x02, BIT_STRING = 0x03, OBJECT = 0x06, SEQUENCE = 0x30, VERSION = 0xa0 };

static const uint8_t rsa_id[] = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01};
static const uint8_t ec_id[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
static const uint8_t p256_id[] = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
static const uint8_t p384_id[] = {0x2b, 0x81, 0x04, 0x00, 0x22};
static const uint8_t p521_id[] = {0x2b, 0x81, 0x04, 0x00, 0x23};

static bool verify_rsa(struct bytes key, enum rsa_padding padding, enum sha2 hash, const uint8_t *digest,
                       struct bytes signature);
static bool verify_ec(struct bytes point, struct bytes curve, const uint8_t *digest, size_t digest_size,
                      struct bytes signature);
static bool take(struct bytes *der, enum tag tag, struct bytes *content);
static bool equals(struct bytes bytes, const uint8_t *other, size_t size);
#define IS(bytes, id) equals(bytes, id, sizeof id)

bool public_key_verify(struct bytes key, enum signature_scheme scheme, enum sha2 hash, struct bytes data,
                       struct bytes signature) {
  struct bytes info, algorithm, id, bits;
  if (!take(&key, SEQUENCE, &info) || key.size > 0 || !take(&info, SEQUENCE, &algorithm) ||
      !take(&algorithm, OBJECT, &id) || !take(&info, BIT_STRING, &bits) || info.size > 0)
    return false;
  uint8_t unused_bits;
  if (!bytes_u8(&bits, &unused_bits) || unused_bits != 0) return false;
  struct sha2_state state;
  uint8_t digest[SHA512_SIZE];
  sha2_start(&state, hash);
  sha2_add(&state, data.data, data.size);
  sha2_end(&state, digest);
  if (scheme != SCHEME_ECDSA)
    return IS(id, rsa_id) && verify_rsa(bits, scheme == SCHEME_RSA_PSS ? RSA_PSS : RSA_PKCS1, hash, digest, signature);
  struct bytes curve;
  return IS(id, ec_id) && take(&algorithm, OBJECT, &curve) && verify_ec(bits, curve, digest, sha2_size(hash), signature);
}

/* Behind version, serial number, algorithm, issuer, validity and subject. */
bool certificate_public_key(struct bytes certificate, struct bytes *key) {
  struct bytes whole, signed_part, ignored;
  if (!take(&certificate, SEQUENCE, &whole) || !take(&whole, SEQUENCE, &signed_part)) return false;
  take(&signed_part, VERSION, &ignored);
  if (!take(&signed_part, INTEGER, &ignored)) return false;
  for (int i = 0; i < 4; i++) {
    if (!take(&signed_part, SEQUENCE, &ignored)) return false;
  }
  const uint8_t *start = signed_part.data;
  if (!take(&signed_part, SEQUENCE, &ignored)) return false;
  *key = (struct bytes){start, (size_t)(signed_part.data - start)};
  return true;
}

static bool verify_rsa(struct bytes key, enum rsa_padding padding, enum sha2 hash, const uint8_t *digest,
                       struct bytes signature) {
  struct bytes numbers, modulus, exponent;
  if (!take(&key, SEQUENCE, &numbers) || !take(&numbers, INTEGER, &modulus) || !take(&numbers, INTEGER, &exponent))
    return false;
  const struct rsa_key rsa = {modulus.data, modulus.size, exponent.data, exponent.size};
  return rsa_verify(&rsa, padding, hash, digest, signature.data, signature.size);
}

static bool verify_ec(struct bytes point, struct bytes curve, const uint8_t *digest, size_t digest_size,
                      struct bytes signature) {
  uint8_t form;
  struct bytes numbers, r, s;
  /* 4: both coordinates, not just one. */
  if (!bytes_u8(&point, &form) || form != 4) return false;
  if (!take(&signature, SEQUENCE, &numbers) || signature.size > 0 || !take(&numbers, INTEGER, &r) ||
      !take(&numbers, INTEGER, &s) || numbers.size > 0)
    return false;
  enum ecdsa_curve name;
  if (IS(curve, p256_id)) name = P_256;
  else if (IS(curve, p384_id)) name = P_384;
  else if (IS(curve, p521_id)) name = P_521;
  else return false;
  return ecdsa_verify(name, point.data, point.size, digest, digest_size, r.data, r.size, s.data, s.size);
}

/* An item of this kind; nothing is taken when the next one is another. */
static bool take(struct bytes *der, enum tag tag, struct bytes *content) {
  struct bytes rest = *der;
  uint8_t found, byte;
  if (!bytes_u8(&rest, &found) || found != tag || !bytes_u8(&rest, &byte)) return false;
  size_t size = byte;
  if (byte >= 0x80) {
    size = 0;
    if (byte > 0x84) return false;
    for (int count = byte & 0x7f; count > 0; count--) {
      uint8_t next;
      if (!bytes_u8(&rest, &next)) return false;
      size = size << 8 | next;
    }
  }
  if (!bytes_take(&rest, size, content)) return false;
  *der = rest;
  return true;
}

static bool equals(struct bytes bytes, const uint8_t *other, size_t size) {
  return bytes.size == size && memcmp(bytes.data, other, size) == 0;
}
