#include "signer.h"
#include "public-key.h"
#include <string.h>

struct algorithm {
  uint32_t id;
  enum signature_scheme scheme;
  enum sha2 hash;
  enum content_digest digest;
  int strength;
};
/* DSA is known, but not supported, as in Android. */
static const struct algorithm algorithms[] = {
    {0x0101, SCHEME_RSA_PSS, SHA_256, CONTENT_SHA256, 1},   {0x0102, SCHEME_RSA_PSS, SHA_512, CONTENT_SHA512, 3},
    {0x0103, SCHEME_RSA_PKCS1, SHA_256, CONTENT_SHA256, 1}, {0x0104, SCHEME_RSA_PKCS1, SHA_512, CONTENT_SHA512, 3},
    {0x0201, SCHEME_ECDSA, SHA_256, CONTENT_SHA256, 1},     {0x0202, SCHEME_ECDSA, SHA_512, CONTENT_SHA512, 3},
    {0x0421, SCHEME_RSA_PKCS1, SHA_256, CONTENT_VERITY, 2}, {0x0423, SCHEME_ECDSA, SHA_256, CONTENT_VERITY, 2},
};

static const char BROKEN[] = "a broken v3 signature";

static const struct algorithm *strongest(struct bytes signatures, struct bytes *value);
static const char *check_lists(struct bytes signatures, struct bytes digests);
static const char *take_digest(struct bytes digests, const struct algorithm *wanted, struct apk_signature *signature);
static const char *check_certificate(struct bytes certificates, struct bytes key);

bool signer_read(struct bytes bytes, struct signer *signer) {
  return bytes_prefixed(&bytes, &signer->signed_data) && bytes_u32(&bytes, &signer->min_sdk) &&
         bytes_u32(&bytes, &signer->max_sdk) && bytes_prefixed(&bytes, &signer->signatures) &&
         bytes_prefixed(&bytes, &signer->key);
}

const char *signer_verify(const struct signer *signer, struct apk_signature *signature) {
  struct bytes value, digests, certificates, rest = signer->signed_data;
  uint32_t min_sdk, max_sdk;
  const struct algorithm *best = strongest(signer->signatures, &value);
  if (!best) return "No supported APK signatures found; DSA is not supported";
  if (!public_key_verify(signer->key, best->scheme, best->hash, signer->signed_data, value)) return "Signature is invalid.";
  if (!bytes_prefixed(&rest, &digests) || !bytes_prefixed(&rest, &certificates) || !bytes_u32(&rest, &min_sdk) ||
      !bytes_u32(&rest, &max_sdk))
    return BROKEN;
  if (min_sdk != signer->min_sdk || max_sdk != signer->max_sdk)
    return "SDK versions mismatch between signed and unsigned in v3 signer block.";
  const char *error = check_lists(signer->signatures, digests);
  if (!error) error = take_digest(digests, best, signature);
  if (!error) error = check_certificate(certificates, signer->key);
  if (error) return error;
  struct sha2_state state;
  sha2_start(&state, SHA_512);
  sha2_add(&state, signer->key.data, signer->key.size);
  sha2_end(&state, signature->signer);
  return NULL;
}

/* The last of several equally strong ones. */
static const struct algorithm *strongest(struct bytes signatures, struct bytes *value) {
  const struct algorithm *best = NULL;
  struct bytes record, bytes;
  while (signatures.size > 0) {
    uint32_t id;
    if (!bytes_prefixed(&signatures, &record) || !bytes_u32(&record, &id) || !bytes_prefixed(&record, &bytes)) return NULL;
    for (size_t i = 0; i < sizeof algorithms / sizeof *algorithms; i++) {
      if (algorithms[i].id != id || (best && algorithms[i].strength < best->strength)) continue;
      best = &algorithms[i];
      *value = bytes;
    }
  }
  return best;
}

/* Otherwise the stronger signature could be removed unnoticed. */
static const char *check_lists(struct bytes signatures, struct bytes digests) {
  while (signatures.size > 0 || digests.size > 0) {
    struct bytes one, other;
    uint32_t id, other_id;
    if (!bytes_prefixed(&signatures, &one) || !bytes_prefixed(&digests, &other) || !bytes_u32(&one, &id) ||
        !bytes_u32(&other, &other_id) || id != other_id)
      return "Signature algorithms don't match between digests and signatures records";
  }
  return NULL;
}

static const char *take_digest(struct bytes digests, const struct algorithm *wanted, struct apk_signature *signature) {
  struct bytes record, digest;
  while (digests.size > 0) {
    uint32_t id;
    if (!bytes_prefixed(&digests, &record) || !bytes_u32(&record, &id) || !bytes_prefixed(&record, &digest)) return BROKEN;
    if (id != wanted->id) continue;
    if (digest.size != content_digest_size(wanted->digest)) return "a digest of a wrong size";
    signature->algorithm = id;
    signature->digest_kind = wanted->digest;
    memcpy(signature->digest, digest.data, digest.size);
    return NULL;
  }
  return "Digest not found";
}

static const char *check_certificate(struct bytes certificates, struct bytes key) {
  struct bytes certificate, certified;
  if (!bytes_prefixed(&certificates, &certificate)) return "No certificates listed";
  if (!certificate_public_key(certificate, &certified)) return "a broken certificate";
  return certified.size == key.size && memcmp(certified.data, key.data, key.size) == 0
             ? NULL
             : "Public key mismatch between certificate and signature record";
}
