#include "idsig.h"
#include "bytes.h"
#include <stdlib.h>
#include <string.h>

#define VERSION 2
#define HASH_SHA256 1
#define LOG2_BLOCK 12
#define BLOCK 4096
/* Certificate and additional data may be long; the tree follows and is not read here. */
#define MAX_HEAD (1u << 20)

static const char *read_hashing(struct bytes *head, struct idsig *idsig);
static const char *read_signing(struct bytes *head, struct idsig *idsig);
static uint64_t expected_tree_size(uint64_t apk_size);

const char *idsig_read(int fd, uint64_t size, uint64_t apk_size, struct idsig *idsig) {
  memset(idsig, 0, sizeof *idsig);
  size_t head_size = size < MAX_HEAD ? (size_t)size : MAX_HEAD;
  uint8_t *data = malloc(head_size + 1);
  if (!data || !read_exactly(fd, data, head_size, 0)) {
    free(data);
    return "the idsig cannot be read";
  }
  struct bytes head = {data, head_size};
  uint32_t version, tree_size;
  const char *error = NULL;
  if (!bytes_u32(&head, &version)) error = "the idsig is too short";
  else if (version != VERSION) error = "the idsig has an unknown version";
  else if (!(error = read_hashing(&head, idsig)) && !(error = read_signing(&head, idsig))) {
    if (!bytes_u32(&head, &tree_size)) error = "the idsig is too short";
    idsig->tree_offset = head_size - head.size;
    idsig->tree_size = tree_size;
  }
  free(data);
  if (error) return error;
  if (idsig->tree_size != expected_tree_size(apk_size)) return "the hash tree of the idsig is not of this APK's size";
  if (idsig->tree_size > size - idsig->tree_offset) return "the hash tree of the idsig is cut";
  return NULL;
}

/* The struct sizes are skipped, as in Android's parser: the inner lengths decide. */
static const char *read_hashing(struct bytes *head, struct idsig *idsig) {
  uint32_t size, algorithm;
  uint8_t log2_block;
  struct bytes salt, root;
  if (!bytes_u32(head, &size) || !bytes_u32(head, &algorithm) || !bytes_u8(head, &log2_block) ||
      !bytes_prefixed(head, &salt) || !bytes_prefixed(head, &root))
    return "the idsig is too short";
  if (algorithm != HASH_SHA256) return "the idsig has an unknown hash algorithm";
  if (log2_block != LOG2_BLOCK) return "the idsig has an unknown block size";
  if (root.size != sizeof idsig->root_hash) return "the idsig has a root hash of a wrong size";
  if (salt.size > IDSIG_MAX_SALT) return "the idsig has too long a salt";
  memcpy(idsig->root_hash, root.data, root.size);
  memcpy(idsig->salt, salt.data, salt.size);
  idsig->salt_size = (uint32_t)salt.size;
  return NULL;
}

static const char *read_signing(struct bytes *head, struct idsig *idsig) {
  uint32_t size;
  struct bytes digest, certificate, additional, key, signature;
  if (!bytes_u32(head, &size) || !bytes_prefixed(head, &digest) || !bytes_prefixed(head, &certificate) ||
      !bytes_prefixed(head, &additional) || !bytes_prefixed(head, &key) || !bytes_u32(head, &idsig->algorithm) ||
      !bytes_prefixed(head, &signature))
    return "the idsig is too short";
  if (digest.size > IDSIG_MAX_DIGEST) return "the idsig has too long a digest";
  memcpy(idsig->apk_digest, digest.data, digest.size);
  idsig->apk_digest_size = (uint32_t)digest.size;
  return NULL;
}

/* Each level holds a 32-byte hash for each block of the level below, in whole blocks, up to a level of one block. */
static uint64_t expected_tree_size(uint64_t apk_size) {
  uint64_t total = 0;
  uint64_t blocks = (apk_size + BLOCK - 1) / BLOCK;
  while (blocks > 1) {
    blocks = (blocks * 32 + BLOCK - 1) / BLOCK;
    total += blocks * BLOCK;
  }
  return total;
}
