#include "signing-block.h"
#include "bytes.h"
#include "zip.h"
#include <stdlib.h>
#include <string.h>

#define MAGIC "APK Sig Block 42"
#define MAGIC_SIZE 16
#define FOOTER_SIZE (8 + MAGIC_SIZE)
#define MAX_BLOCK (16u << 20)
#define V3_ID 0xf05368c0u

struct strength {
  uint32_t algorithm;
  enum sha2 digest;
  int rank;
};
/* Chunked SHA-512 is stronger than chunked SHA-256. DSA is known, but not supported, as in Android. */
static const struct strength strengths[] = {
    {0x0101, SHA_256, 1}, {0x0103, SHA_256, 1}, {0x0201, SHA_256, 1},
    {0x0102, SHA_512, 3}, {0x0104, SHA_512, 3}, {0x0202, SHA_512, 3},
};

static const char *read_block(int fd, struct apk_signature *signature, uint8_t **data, struct bytes *pairs);
static const char *find_v3(struct bytes pairs, struct bytes *v3);
static const char *read_signer(struct bytes v3, uint32_t sdk, struct apk_signature *signature);
static const struct strength *strongest(struct bytes signatures);
static const char *take_digest(struct bytes signed_data, const struct strength *wanted, struct apk_signature *signature);

const char *apk_signature_read(int fd, uint64_t size, uint32_t sdk, struct apk_signature *signature) {
  memset(signature, 0, sizeof *signature);
  signature->size = size;
  uint8_t *data = NULL;
  struct bytes pairs, v3;
  const char *error = zip_find_directory(fd, size, &signature->directory_offset, &signature->end_offset);
  if (!error) error = read_block(fd, signature, &data, &pairs);
  if (!error) error = find_v3(pairs, &v3);
  if (!error) error = read_signer(v3, sdk, signature);
  free(data);
  return error;
}

/* It lies right before the ZIP directory and ends with its size and a magic. */
static const char *read_block(int fd, struct apk_signature *signature, uint8_t **data, struct bytes *pairs) {
  uint64_t end = signature->directory_offset;
  uint8_t footer[FOOTER_SIZE];
  if (end < FOOTER_SIZE + 8) return "APK too small for APK Signing Block";
  if (!read_exactly(fd, footer, sizeof footer, end - FOOTER_SIZE)) return "the APK cannot be read";
  if (memcmp(footer + 8, MAGIC, MAGIC_SIZE) != 0) return "No APK Signing Block before ZIP Central Directory";
  struct bytes foot = {footer, 8};
  uint64_t size, head_size;
  bytes_u64(&foot, &size);
  if (size < FOOTER_SIZE || size > MAX_BLOCK || size > end - 8) return "APK Signing Block size out of range";
  *data = malloc((size_t)size + 8);
  if (!*data || !read_exactly(fd, *data, (size_t)size + 8, end - size - 8)) return "the APK cannot be read";
  struct bytes block = {*data, (size_t)size + 8 - FOOTER_SIZE};
  bytes_u64(&block, &head_size);
  if (head_size != size) return "APK Signing Block sizes in header and footer do not match";
  signature->block_offset = end - size - 8;
  *pairs = block;
  return NULL;
}

static const char *find_v3(struct bytes pairs, struct bytes *v3) {
  while (pairs.size > 0) {
    uint64_t size;
    uint32_t id;
    struct bytes pair;
    if (!bytes_u64(&pairs, &size) || size < 4 || size > pairs.size || !bytes_take(&pairs, (size_t)size, &pair) ||
        !bytes_u32(&pair, &id))
      return "APK Signing Block entry out of range";
    if (id == V3_ID) return *v3 = pair, NULL;
  }
  return "the APK has no signature of APK Signature Scheme v3";
}

static const char *read_signer(struct bytes v3, uint32_t sdk, struct apk_signature *signature) {
  struct bytes signers;
  int matching = 0;
  if (!bytes_prefixed(&v3, &signers)) return "a broken v3 signature";
  while (signers.size > 0) {
    struct bytes signer, signed_data, signatures, key;
    uint32_t min_sdk, max_sdk;
    if (!bytes_prefixed(&signers, &signer) || !bytes_prefixed(&signer, &signed_data) || !bytes_u32(&signer, &min_sdk) ||
        !bytes_u32(&signer, &max_sdk) || !bytes_prefixed(&signer, &signatures) || !bytes_prefixed(&signer, &key))
      return "a broken v3 signature";
    if (sdk < min_sdk || sdk > max_sdk) continue;
    if (++matching > 1) return "APK Signature Scheme V3 only supports one signer";
    const struct strength *best = strongest(signatures);
    if (!best) return "No supported APK signatures found; DSA is not supported";
    const char *error = take_digest(signed_data, best, signature);
    if (error) return error;
    struct sha2_state state;
    sha2_start(&state, SHA_512);
    sha2_add(&state, key.data, key.size);
    sha2_end(&state, signature->signer);
  }
  return matching ? NULL : "the APK has no v3 signer for this release";
}

static const struct strength *strongest(struct bytes signatures) {
  const struct strength *best = NULL;
  struct bytes record;
  while (signatures.size > 0 && bytes_prefixed(&signatures, &record)) {
    uint32_t algorithm;
    if (!bytes_u32(&record, &algorithm)) return NULL;
    for (size_t i = 0; i < sizeof strengths / sizeof *strengths; i++) {
      if (strengths[i].algorithm == algorithm && (!best || strengths[i].rank > best->rank)) best = &strengths[i];
    }
  }
  return signatures.size == 0 ? best : NULL;
}

static const char *take_digest(struct bytes signed_data, const struct strength *wanted, struct apk_signature *signature) {
  struct bytes digests, record, digest;
  if (!bytes_prefixed(&signed_data, &digests)) return "a broken v3 signature";
  while (digests.size > 0) {
    uint32_t algorithm;
    if (!bytes_prefixed(&digests, &record) || !bytes_u32(&record, &algorithm) || !bytes_prefixed(&record, &digest))
      return "a broken v3 signature";
    if (algorithm != wanted->algorithm) continue;
    if (digest.size != sha2_size(wanted->digest)) return "a digest of a wrong size";
    signature->algorithm = algorithm;
    signature->digest_kind = wanted->digest;
    memcpy(signature->digest, digest.data, digest.size);
    return NULL;
  }
  return "Signature algorithms don't match between digests and signatures records";
}
