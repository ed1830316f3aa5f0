#include "ecdsa.h"
#include <mbedtls/ecdsa.h>
#include <string.h>

#define MAX_COORDINATE 66
/* Both coordinates follow. */
#define UNCOMPRESSED 4

static const mbedtls_ecp_group_id groups[] = {
    [P_256] = MBEDTLS_ECP_DP_SECP256R1,
    [P_384] = MBEDTLS_ECP_DP_SECP384R1,
    [P_521] = MBEDTLS_ECP_DP_SECP521R1,
};

static bool load_point(const mbedtls_ecp_group *group, mbedtls_ecp_point *point, const uint8_t *coordinates, size_t size);

bool ecdsa_verify(enum ecdsa_curve curve, const uint8_t *point, size_t point_size, const uint8_t *digest,
                  size_t digest_size, const uint8_t *r, size_t r_size, const uint8_t *s, size_t s_size) {
  mbedtls_ecp_group group;
  mbedtls_ecp_point key;
  mbedtls_mpi first, second;
  mbedtls_ecp_group_init(&group);
  mbedtls_ecp_point_init(&key);
  mbedtls_mpi_init(&first);
  mbedtls_mpi_init(&second);
  bool verified = mbedtls_ecp_group_load(&group, groups[curve]) == 0 && load_point(&group, &key, point, point_size) &&
                  mbedtls_mpi_read_binary(&first, r, r_size) == 0 && mbedtls_mpi_read_binary(&second, s, s_size) == 0 &&
                  mbedtls_ecdsa_verify(&group, digest, digest_size, &key, &first, &second) == 0;
  mbedtls_mpi_free(&second);
  mbedtls_mpi_free(&first);
  mbedtls_ecp_point_free(&key);
  mbedtls_ecp_group_free(&group);
  return verified;
}

/* False for a point that is not on the curve. */
static bool load_point(const mbedtls_ecp_group *group, mbedtls_ecp_point *point, const uint8_t *coordinates, size_t size) {
  uint8_t encoded[1 + 2 * MAX_COORDINATE] = {UNCOMPRESSED};
  if (size > sizeof encoded - 1) return false;
  memcpy(encoded + 1, coordinates, size);
  return mbedtls_ecp_point_read_binary(group, point, encoded, size + 1) == 0 &&
         mbedtls_ecp_check_pubkey(group, point) == 0;
}
