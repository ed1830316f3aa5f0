/* The chunked content digest of an APK: everything but its signing block, in pieces of 1 MiB. */
#include "bytes.h"
#include "signing-block.h"
#include <stdlib.h>
#include <string.h>

#define CHUNK (1u << 20)
#define END_OFFSET_FIELD 16
#define MAX_END (22 + 65535)

struct digester {
  const struct apk_signature *signature;
  struct sha2_state top;
  uint8_t *chunk;
};

static uint32_t chunk_count(uint64_t size) { return (uint32_t)((size + CHUNK - 1) / CHUNK); }
static bool add_section(struct digester *digester, int fd, uint64_t from, uint64_t to);
static bool add_end(struct digester *digester, int fd);
static void add_chunk(struct digester *digester, const uint8_t *data, uint32_t size);
static void put_u32(uint8_t *to, uint32_t value);

const char *apk_signature_check_content(int fd, const struct apk_signature *signature) {
  struct digester digester = {.signature = signature, .chunk = malloc(CHUNK)};
  uint64_t directory_size = signature->end_offset - signature->directory_offset;
  uint8_t head[5] = {0x5a};
  put_u32(head + 1, chunk_count(signature->block_offset) + chunk_count(directory_size) +
                        chunk_count(signature->size - signature->end_offset));
  sha2_start(&digester.top, signature->digest_kind);
  sha2_add(&digester.top, head, sizeof head);
  bool read = digester.chunk && add_section(&digester, fd, 0, signature->block_offset) &&
              add_section(&digester, fd, signature->directory_offset, signature->end_offset) && add_end(&digester, fd);
  free(digester.chunk);
  if (!read) return "the APK cannot be read";
  uint8_t digest[SHA512_SIZE];
  sha2_end(&digester.top, digest);
  return memcmp(digest, signature->digest, sha2_size(signature->digest_kind)) == 0 ? NULL : "Digest mismatch";
}

static bool add_section(struct digester *digester, int fd, uint64_t from, uint64_t to) {
  while (from < to) {
    uint32_t size = to - from < CHUNK ? (uint32_t)(to - from) : CHUNK;
    if (!read_exactly(fd, digester->chunk, size, from)) return false;
    add_chunk(digester, digester->chunk, size);
    from += size;
  }
  return true;
}

/* The end record is digested as if there were no signing block before the directory. */
static bool add_end(struct digester *digester, int fd) {
  const struct apk_signature *signature = digester->signature;
  uint32_t size = (uint32_t)(signature->size - signature->end_offset);
  if (size > MAX_END || size < END_OFFSET_FIELD + 4 || !read_exactly(fd, digester->chunk, size, signature->end_offset))
    return false;
  put_u32(digester->chunk + END_OFFSET_FIELD, (uint32_t)signature->block_offset);
  add_chunk(digester, digester->chunk, size);
  return true;
}

static void add_chunk(struct digester *digester, const uint8_t *data, uint32_t size) {
  struct sha2_state state;
  uint8_t head[5] = {0xa5}, digest[SHA512_SIZE];
  put_u32(head + 1, size);
  sha2_start(&state, digester->signature->digest_kind);
  sha2_add(&state, head, sizeof head);
  sha2_add(&state, data, size);
  sha2_end(&state, digest);
  sha2_add(&digester->top, digest, sha2_size(digester->signature->digest_kind));
}

static void put_u32(uint8_t *to, uint32_t value) {
  for (int i = 0; i < 4; i++) to[i] = (uint8_t)(value >> (8 * i));
}
