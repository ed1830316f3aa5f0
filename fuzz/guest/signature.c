/* The arithmetic of signatures on any numbers: RSA of 512 bits and little more, whose cost is bounded, and ECDSA. The first byte says
 * which; for RSA an exponent follows, then modulus and signature of equal size. */
#include "../../src/guest/crypto/ecdsa.h"
#include "../../src/guest/crypto/rsa.h"
#include "support.h"
#include <stdlib.h>

#define MAX_MODULUS 72

static void rsa(struct bytes input, uint8_t choice) {
  struct bytes exponent, modulus;
  static const uint8_t digest[64] = {1};
  if (!bytes_take(&input, 3, &exponent)) return;
  size_t size = input.size / 2 < MAX_MODULUS ? input.size / 2 : MAX_MODULUS;
  bytes_take(&input, size, &modulus);
  const struct rsa_key key = {modulus.data, modulus.size, exponent.data, exponent.size};
  enum rsa_padding padding = choice & 8 ? RSA_PSS : RSA_PKCS1;
  if (rsa_verify(&key, padding, choice & 16 ? SHA_512 : SHA_256, digest, input.data, size)) accepted();
}

static void ecdsa(struct bytes input, uint8_t choice) {
  static const size_t sizes[] = {32, 48, 66};
  static const uint8_t digest[64] = {1};
  enum ecdsa_curve curve = choice / 8 % 3;
  struct bytes point, r;
  if (!bytes_take(&input, 2 * sizes[curve], &point) || !bytes_take(&input, input.size / 2, &r)) return;
  if (ecdsa_verify(curve, point.data, point.size, digest, 32, r.data, r.size, input.data, input.size)) accepted();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  uint8_t *copy = copy_of(data, size), choice;
  struct bytes input = {copy, size};
  if (bytes_u8(&input, &choice)) {
    /* One ECDSA check takes as long as hundreds of RSA, so few inputs select it. */
    if (choice % 8 < 6 || choice >= 24) rsa(input, choice);
    else ecdsa(input, choice);
  }
  free(copy);
  return 0;
}
