#include "kdf.h"
#include <mbedtls/hkdf.h>
#include <mbedtls/md.h>
#include <stdlib.h>

void hkdf_sha256(const uint8_t *secret, size_t secret_size, const uint8_t *salt, size_t salt_size, const void *info,
                 size_t info_size, uint8_t *output, size_t output_size) {
  const mbedtls_md_info_t *hash = mbedtls_md_info_from_type(MBEDTLS_MD_SHA256);
  if (mbedtls_hkdf(hash, salt, salt_size, secret, secret_size, info, info_size, output, output_size) != 0) abort();
}
