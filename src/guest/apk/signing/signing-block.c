#include "signing-block.h"
#include "../bytes.h"
#include "signer.h"
#include "../zip/zip.h"
#include <stdlib.h>
#include <string.h>

#define MAGIC "APK Sig Block 42"
#define MAGIC_SIZE 16
#define FOOTER_SIZE (8 + MAGIC_SIZE)
#define MAX_BLOCK (16u << 20)
#define V3_ID 0xf05368c0u

static const char *read_block(int fd, struct apk_sections *sections, uint8_t **data, struct bytes *pairs);
static const char *find_v3(struct bytes pairs, struct bytes *v3);
static const char *read_signer(struct bytes v3, uint32_t sdk, struct apk_signature *signature);

const char *apk_signature_read(int fd, uint64_t size, uint32_t sdk, struct apk_signature *signature) {
  memset(signature, 0, sizeof *signature);
  struct apk_sections *sections = &signature->sections;
  sections->size = size;
  uint8_t *data = NULL;
  struct bytes pairs, v3;
  const char *error = zip_find_directory(fd, size, &sections->directory_offset, &sections->end_offset);
  if (!error) error = read_block(fd, sections, &data, &pairs);
  if (!error) error = find_v3(pairs, &v3);
  if (!error) error = read_signer(v3, sdk, signature);
  free(data);
  return error;
}

const char *apk_signature_check_content(int fd, const struct apk_signature *signature) {
  uint8_t digest[CONTENT_DIGEST_MAX];
  if (!content_digest_make(fd, &signature->sections, signature->digest_kind, digest)) return "the APK cannot be read";
  size_t size = content_digest_size(signature->digest_kind);
  return memcmp(digest, signature->digest, size) == 0 ? NULL : "Digest mismatch";
}

/* It lies right before the ZIP directory and ends with its size and a magic. */
static const char *read_block(int fd, struct apk_sections *sections, uint8_t **data, struct bytes *pairs) {
  uint64_t end = sections->directory_offset;
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
  sections->block_offset = end - size - 8;
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

/* Exactly one signer has to be for this SDK level. */
static const char *read_signer(struct bytes v3, uint32_t sdk, struct apk_signature *signature) {
  struct bytes signers;
  struct signer chosen;
  int matching = 0;
  if (!bytes_prefixed(&v3, &signers)) return "a broken v3 signature";
  while (signers.size > 0) {
    struct bytes bytes;
    struct signer signer;
    if (!bytes_prefixed(&signers, &bytes) || !signer_read(bytes, &signer)) return "a broken v3 signature";
    if (sdk < signer.min_sdk || sdk > signer.max_sdk) continue;
    if (++matching > 1) return "APK Signature Scheme V3 only supports one signer";
    chosen = signer;
  }
  return matching ? signer_verify(&chosen, signature) : "the APK has no v3 signer for this release";
}
