#include "instance-image.h"
#include "../apk/bytes.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define SECTOR 512
#define MAGIC "Android-VM-instance"
#define MAGIC_SIZE 19
#define VERSION 1
#define UUID_SIZE 16
/* More entries than any system writes: pvmfw, boot loader, its environment, this one. */
#define MAX_ENTRIES 16

/* cf9afe9a-0662-11ec-a329-c32663a09d75 */
static const uint8_t own_uuid[UUID_SIZE] = {0xcf, 0x9a, 0xfe, 0x9a, 0x06, 0x62, 0x11, 0xec,
                                            0xa3, 0x29, 0xc3, 0x26, 0x63, 0xa0, 0x9d, 0x75};
static const uint8_t no_uuid[UUID_SIZE];

struct entry {
  uint64_t offset;
  uint64_t size;
  uint8_t header[SECTOR];
};

static enum instance_result find(int fd, struct entry *entry);
static void make_header(uint8_t header[SECTOR], uint64_t size);
static bool write_exactly(int fd, const void *from, size_t size, uint64_t offset);

enum instance_result instance_read(int fd, const uint8_t key[GCM_KEY_SIZE], uint8_t *data, size_t *size) {
  static uint8_t sealed[GCM_NONCE_SIZE + INSTANCE_MAX_DATA + GCM_TAG_SIZE];
  struct entry entry;
  enum instance_result result = find(fd, &entry);
  if (result != INSTANCE_OK) return result;
  if (entry.size < GCM_NONCE_SIZE + GCM_TAG_SIZE || entry.size > sizeof sealed) return INSTANCE_DAMAGED;
  /* A short image was truncated: there is no other reason for it. */
  if (!read_exactly(fd, sealed, (size_t)entry.size, entry.offset + SECTOR)) return INSTANCE_DAMAGED;
  *size = (size_t)entry.size - GCM_NONCE_SIZE - GCM_TAG_SIZE;
  const uint8_t *content = sealed + GCM_NONCE_SIZE;
  bool opened = gcm_open(key, sealed, entry.header, SECTOR, content, *size, content + *size, data);
  return opened ? INSTANCE_OK : INSTANCE_DAMAGED;
}

enum instance_result instance_write(int fd, const uint8_t key[GCM_KEY_SIZE], const uint8_t nonce[GCM_NONCE_SIZE],
                                    const uint8_t *data, size_t size) {
  static uint8_t sealed[GCM_NONCE_SIZE + INSTANCE_MAX_DATA + GCM_TAG_SIZE];
  struct entry entry;
  enum instance_result result = find(fd, &entry);
  if (result == INSTANCE_OK) return errno = EEXIST, INSTANCE_FAILED;
  if (result != INSTANCE_EMPTY) return result;
  if (size > INSTANCE_MAX_DATA) return errno = E2BIG, INSTANCE_FAILED;
  size_t whole = GCM_NONCE_SIZE + size + GCM_TAG_SIZE;
  make_header(entry.header, whole);
  memcpy(sealed, nonce, GCM_NONCE_SIZE);
  memcpy(sealed + GCM_NONCE_SIZE, data, size);
  gcm_seal(key, nonce, entry.header, SECTOR, sealed + GCM_NONCE_SIZE, size, sealed + GCM_NONCE_SIZE + size);
  /* The header last: a boot that is ended in between leaves an empty image, not a damaged one. */
  bool written = write_exactly(fd, sealed, whole, entry.offset + SECTOR) && fsync(fd) == 0 &&
                 write_exactly(fd, entry.header, SECTOR, entry.offset) && fsync(fd) == 0;
  return written ? INSTANCE_OK : INSTANCE_FAILED;
}

/* Walks the entries. When ours is not there, `entry->offset` is where it would go. */
static enum instance_result find(int fd, struct entry *entry) {
  uint8_t head[SECTOR];
  if (!read_exactly(fd, head, SECTOR, 0)) return INSTANCE_DAMAGED;
  if (memcmp(head, MAGIC, MAGIC_SIZE) != 0 || head[MAGIC_SIZE] != VERSION || head[MAGIC_SIZE + 1] != 0)
    return INSTANCE_DAMAGED;
  entry->offset = SECTOR;
  for (int i = 0; i < MAX_ENTRIES; i++) {
    if (!read_exactly(fd, entry->header, SECTOR, entry->offset)) return INSTANCE_DAMAGED;
    if (memcmp(entry->header, no_uuid, UUID_SIZE) == 0) return INSTANCE_EMPTY;
    struct bytes size = {entry->header + UUID_SIZE, 8};
    bytes_u64(&size, &entry->size);
    if (entry->size > UINT32_MAX) return INSTANCE_DAMAGED;
    if (memcmp(entry->header, own_uuid, UUID_SIZE) == 0) return INSTANCE_OK;
    entry->offset += SECTOR + (entry->size + SECTOR - 1) / SECTOR * SECTOR;
  }
  return INSTANCE_DAMAGED;
}

static void make_header(uint8_t header[SECTOR], uint64_t size) {
  memset(header, 0, SECTOR);
  memcpy(header, own_uuid, UUID_SIZE);
  for (int i = 0; i < 8; i++) header[UUID_SIZE + i] = (uint8_t)(size >> (8 * i));
}

static bool write_exactly(int fd, const void *from, size_t size, uint64_t offset) {
  const uint8_t *at = from;
  while (size > 0) {
    ssize_t written = pwrite(fd, at, size, (off_t)offset);
    if (written <= 0) return false;
    at += written;
    offset += (uint64_t)written;
    size -= (size_t)written;
  }
  return true;
}
