#include "content-digest.h"
#include "../../crypto/sha2.h"
#include "../bytes.h"
#include "content-tree.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK (1u << 20)
#define END_OFFSET_FIELD 16
#define MAX_END (22 + 65535)

struct digester {
  enum content_digest kind;
  struct sha2_state top;
  struct content_tree tree;
};

static enum sha2 hash_of(enum content_digest kind) { return kind == CONTENT_SHA512 ? SHA_512 : SHA_256; }
static uint32_t chunk_count(uint64_t size) { return (uint32_t)((size + CHUNK - 1) / CHUNK); }
static void start(struct digester *digester, const struct apk_sections *sections);
static bool add_section(struct digester *digester, int fd, uint64_t from, uint64_t to, uint8_t *chunk);
static bool add_end(struct digester *digester, int fd, const struct apk_sections *sections, uint8_t *chunk);
static void add_chunk(struct digester *digester, const uint8_t *data, uint32_t size);
static void finish(struct digester *digester, const struct apk_sections *sections, uint8_t *digest);
static void put_u32(uint8_t *to, uint32_t value);

size_t content_digest_size(enum content_digest kind) {
  return kind == CONTENT_VERITY ? SHA256_SIZE + 8 : sha2_size(hash_of(kind));
}

bool content_digest_make(int fd, const struct apk_sections *sections, enum content_digest kind, uint8_t *digest) {
  static struct digester digester;
  uint8_t *chunk = malloc(CHUNK);
  digester.kind = kind;
  start(&digester, sections);
  /* A tree leaves the signing block out without moving what follows: it has to fill whole blocks. */
  bool digestible = kind != CONTENT_VERITY || sections->block_offset % CONTENT_TREE_BLOCK == 0;
  bool read = chunk && digestible && add_section(&digester, fd, 0, sections->block_offset, chunk) &&
              add_section(&digester, fd, sections->directory_offset, sections->end_offset, chunk) &&
              add_end(&digester, fd, sections, chunk);
  free(chunk);
  if (read) finish(&digester, sections, digest);
  return read;
}

static void start(struct digester *digester, const struct apk_sections *sections) {
  uint8_t head[5] = {0x5a};
  put_u32(head + 1, chunk_count(sections->block_offset) +
                        chunk_count(sections->end_offset - sections->directory_offset) +
                        chunk_count(sections->size - sections->end_offset));
  sha2_start(&digester->top, hash_of(digester->kind));
  sha2_add(&digester->top, head, sizeof head);
  content_tree_start(&digester->tree);
}

static bool add_section(struct digester *digester, int fd, uint64_t from, uint64_t to, uint8_t *chunk) {
  while (from < to) {
    uint32_t size = to - from < CHUNK ? (uint32_t)(to - from) : CHUNK;
    if (!read_exactly(fd, chunk, size, from)) return false;
    add_chunk(digester, chunk, size);
    from += size;
  }
  return true;
}

/* The end record is digested as if there were no signing block before the directory. */
static bool add_end(struct digester *digester, int fd, const struct apk_sections *sections, uint8_t *chunk) {
  uint32_t size = (uint32_t)(sections->size - sections->end_offset);
  if (size > MAX_END || size < END_OFFSET_FIELD + 4 || !read_exactly(fd, chunk, size, sections->end_offset)) return false;
  put_u32(chunk + END_OFFSET_FIELD, (uint32_t)sections->block_offset);
  add_chunk(digester, chunk, size);
  return true;
}

static void add_chunk(struct digester *digester, const uint8_t *data, uint32_t size) {
  if (digester->kind == CONTENT_VERITY) return content_tree_add(&digester->tree, data, size);
  struct sha2_state state;
  uint8_t head[5] = {0xa5}, digest[SHA512_SIZE];
  put_u32(head + 1, size);
  sha2_start(&state, hash_of(digester->kind));
  sha2_add(&state, head, sizeof head);
  sha2_add(&state, data, size);
  sha2_end(&state, digest);
  sha2_add(&digester->top, digest, sha2_size(hash_of(digester->kind)));
}

static void finish(struct digester *digester, const struct apk_sections *sections, uint8_t *digest) {
  if (digester->kind != CONTENT_VERITY) return sha2_end(&digester->top, digest);
  content_tree_end(&digester->tree, digest);
  uint64_t size = sections->size - (sections->directory_offset - sections->block_offset);
  put_u32(digest + SHA256_SIZE, (uint32_t)size);
  put_u32(digest + SHA256_SIZE + 4, (uint32_t)(size >> 32));
}

static void put_u32(uint8_t *to, uint32_t value) {
  for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (8 * i));
}
