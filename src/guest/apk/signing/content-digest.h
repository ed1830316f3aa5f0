/* Digests of an APK's content, which is everything but its signing block, as its signers sign them. */
#ifndef GUEST_CONTENT_DIGEST_H
#define GUEST_CONTENT_DIGEST_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTENT_DIGEST_MAX 64

enum content_digest {
  /* Over digests of pieces of 1 MiB. */
  CONTENT_SHA256,
  CONTENT_SHA512,
  /* Root of a hash tree, then the size of the content (`apksigner --verity-enabled`). */
  CONTENT_VERITY,
};

/* Where the parts of an APK begin. */
struct apk_sections {
  uint64_t block_offset;
  uint64_t directory_offset;
  uint64_t end_offset;
  uint64_t size;
};

size_t content_digest_size(enum content_digest kind);
/* False when the APK cannot be read, or not be digested like this. */
bool content_digest_make(int fd, const struct apk_sections *sections, enum content_digest kind, uint8_t *digest);
#endif
