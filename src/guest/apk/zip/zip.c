#include "zip.h"
#include "../bytes.h"
#include "inflate.h"
#include <stdlib.h>
#include <string.h>

#define END_SIZE 22
#define END_SEARCH (END_SIZE + 65535)
#define ENTRY_SIZE 46
#define HEADER_SIZE 30
#define MAX_DIRECTORY (32u << 20)
#define MAX_DEPTH 64
#define BUCKETS 4096
/* For entries without a mode in the archive: root and the payload's group may read. */
#define FILE_MODE 0440
#define PROGRAM_MODE 0550
#define FOLDER_MODE 0550
#define MADE_BY_DOS 0
#define MADE_BY_UNIX 3
#define DOS_READ_ONLY 0x01
#define DOS_FOLDER 0x10
#define STORED 0
#define DEFLATED 8
/* Unpacked in memory while it is open; larger files should be stored uncompressed. */
#define MAX_UNPACKED (64u << 20)

static const char *find_directory(const struct zip *zip, uint32_t *offset, uint32_t *size, uint32_t *entries);
static const char *read_directory(struct zip *zip, const uint8_t *data, uint32_t size, uint32_t entries);
static uint16_t mode_of(const uint8_t *entry, const char *path, size_t size);
static const char *add_path(struct zip *zip, const char *path, size_t size, const struct zip_node *entry);
static bool safe_path(const char *path, size_t size);
static uint32_t add_node(struct zip *zip, uint32_t parent, const char *name, size_t size);
static uint32_t hash_of(uint32_t parent, const char *name, size_t size);
static bool read_at(const struct zip *zip, void *to, size_t size, uint64_t offset);
static uint16_t u16(const uint8_t *at) { return (uint16_t)(at[0] | at[1] << 8); }
static uint32_t u32(const uint8_t *at) { return u16(at) | (uint32_t)u16(at + 2) << 16; }

const char *zip_open(struct zip *zip, int fd, uint64_t size) {
  memset(zip, 0, sizeof *zip);
  zip->fd = fd;
  zip->size = size;
  zip->buckets = calloc(BUCKETS, sizeof *zip->buckets);
  if (!zip->buckets) return "out of memory";
  add_node(zip, 0, "", 0);
  if (!zip->nodes) return "out of memory";
  zip->nodes[0].folder = true;
  zip->nodes[0].mode = FOLDER_MODE;
  uint32_t offset, directory_size, entries;
  const char *error = find_directory(zip, &offset, &directory_size, &entries);
  if (error) return error;
  uint8_t *data = malloc(directory_size + 1);
  if (!data) return "out of memory";
  error = read_at(zip, data, directory_size, offset) ? read_directory(zip, data, directory_size, entries)
                                                     : "the APK cannot be read";
  free(data);
  return error;
}

void zip_close(struct zip *zip) {
  for (uint32_t i = 0; zip->nodes && i < zip->count; i++) free(zip->nodes[i].name);
  free(zip->nodes);
  free(zip->buckets);
  memset(zip, 0, sizeof *zip);
}

const char *zip_find_directory(int fd, uint64_t size, uint64_t *directory, uint64_t *end) {
  const struct zip zip = {.fd = fd, .size = size};
  uint32_t offset = 0, directory_size = 0, entries;
  const char *error = find_directory(&zip, &offset, &directory_size, &entries);
  *directory = offset;
  *end = (uint64_t)offset + directory_size;
  return error;
}

uint32_t zip_child(const struct zip *zip, uint32_t folder, const char *name, size_t name_size) {
  for (uint32_t at = zip->buckets[hash_of(folder, name, name_size)]; at; at = zip->nodes[at].chain) {
    const struct zip_node *node = &zip->nodes[at];
    if (node->parent == folder && strlen(node->name) == name_size && memcmp(node->name, name, name_size) == 0) return at;
  }
  return 0;
}

uint64_t zip_data_offset(const struct zip *zip, const struct zip_node *node) {
  uint8_t header[HEADER_SIZE];
  if (!read_at(zip, header, sizeof header, node->header_offset) || u32(header) != 0x04034b50) return 0;
  uint64_t offset = (uint64_t)node->header_offset + HEADER_SIZE + u16(header + 26) + u16(header + 28);
  return offset + node->packed_size <= zip->size ? offset : 0;
}

uint8_t *zip_unpack(const struct zip *zip, const struct zip_node *node) {
  uint64_t offset = zip_data_offset(zip, node);
  if (!offset || node->size > MAX_UNPACKED || node->packed_size > MAX_UNPACKED) return NULL;
  uint8_t *packed = malloc(node->packed_size + 1);
  uint8_t *data = malloc(node->size + 1);
  bool sound = packed && data && read_at(zip, packed, node->packed_size, offset) &&
               inflate_whole(packed, node->packed_size, data, node->size) && crc32_of(data, node->size) == node->crc;
  free(packed);
  if (sound) return data;
  free(data);
  return NULL;
}

/* The end record lies within the last 64 KiB, and what it says has to fit exactly. */
static const char *find_directory(const struct zip *zip, uint32_t *offset, uint32_t *size, uint32_t *entries) {
  static uint8_t tail[END_SEARCH];
  size_t tail_size = zip->size < END_SEARCH ? (size_t)zip->size : END_SEARCH;
  if (tail_size < END_SIZE) return "not a ZIP archive";
  /* dm-verity reports a block that differs from the signed one as a read error. */
  if (!read_at(zip, tail, tail_size, zip->size - tail_size)) return "the APK cannot be read";
  for (size_t at = tail_size - END_SIZE + 1; at-- > 0;) {
    const uint8_t *end = tail + at;
    if (u32(end) != 0x06054b50 || at + END_SIZE + u16(end + 20) != tail_size) continue;
    *entries = u16(end + 10);
    *size = u32(end + 12);
    *offset = u32(end + 16);
    if (u16(end + 4) != 0 || u16(end + 6) != 0 || u16(end + 8) != *entries) return "it has several parts";
    if (*offset == UINT32_MAX || *entries == UINT16_MAX) return "ZIP64 is not supported";
    if (*size > MAX_DIRECTORY || (uint64_t)*offset + *size != zip->size - tail_size + at)
      return "its directory is not where it should be";
    return NULL;
  }
  return "not a ZIP archive";
}

static const char *read_directory(struct zip *zip, const uint8_t *data, uint32_t size, uint32_t entries) {
  const uint8_t *end = data + size;
  for (uint32_t i = 0; i < entries; i++) {
    if (end - data < ENTRY_SIZE || u32(data) != 0x02014b50) return "a broken directory entry";
    struct zip_node entry = {.method = u16(data + 10),
                             .crc = u32(data + 16),
                             .packed_size = u32(data + 20),
                             .size = u32(data + 24),
                             .header_offset = u32(data + 42)};
    uint32_t name_size = u16(data + 28);
    uint32_t whole = ENTRY_SIZE + name_size + u16(data + 30) + u16(data + 32);
    if ((uint32_t)(end - data) < whole) return "a broken directory entry";
    if (u16(data + 8) & 1) return "an encrypted entry";
    const char *name = (const char *)data + ENTRY_SIZE;
    entry.mode = mode_of(data, name, name_size);
    const char *error = add_path(zip, name, name_size, &entry);
    if (error) return error;
    data += whole;
  }
  return data == end ? NULL : "something after its last directory entry";
}

/* What made the entry, and its external attributes, as the library reads them that Android's zipfuse is made with
 * (unix_mode of Rust's zip); what has none there gets zipfuse's own defaults. */
static uint16_t mode_of(const uint8_t *entry, const char *path, size_t size) {
  bool folder = size > 0 && path[size - 1] == '/';
  uint32_t attributes = u32(entry + 38);
  if (attributes != 0 && entry[5] == MADE_BY_UNIX) return attributes >> 16 & 07777;
  if (attributes != 0 && entry[5] == MADE_BY_DOS) {
    uint16_t mode = attributes & DOS_FOLDER ? 0775 : 0664;
    return attributes & DOS_READ_ONLY ? mode & 0555 : mode;
  }
  if (folder) return FOLDER_MODE;
  return size > 4 && memcmp(path, "bin/", 4) == 0 ? PROGRAM_MODE : FILE_MODE;
}

/* Adds an entry and the folders that lead to it. */
static const char *add_path(struct zip *zip, const char *path, size_t size, const struct zip_node *entry) {
  bool folder = size > 0 && path[size - 1] == '/';
  if (folder) size--;
  if (!safe_path(path, size)) return zip->refused++, NULL;
  if (!folder && entry->method != STORED && entry->method != DEFLATED) return "an unknown compression method";
  if (!folder && entry->method == STORED && entry->packed_size != entry->size) return "a stored entry of two sizes";
  uint32_t parent = 0;
  for (;;) {
    const char *slash = memchr(path, '/', size);
    size_t part = slash ? (size_t)(slash - path) : size;
    uint32_t at = zip_child(zip, parent, path, part);
    bool fresh = !at;
    if (fresh && !(at = add_node(zip, parent, path, part))) return "out of memory";
    struct zip_node *node = &zip->nodes[at];
    bool last = !slash;
    if (!fresh && (last ? !(folder && node->folder) : !node->folder)) return "the same name twice";
    if (fresh && (!last || folder)) {
      node->folder = true;
      node->mode = FOLDER_MODE;
    }
    if (last) node->mode = entry->mode;
    if (fresh && last && !folder) {
      node->method = entry->method;
      node->crc = entry->crc;
      node->packed_size = entry->packed_size;
      node->size = entry->size;
      node->header_offset = entry->header_offset;
    }
    if (last) return NULL;
    parent = at;
    path += part + 1;
    size -= part + 1;
  }
}

/* Neither absolute nor with an empty part, `.` or `..`, nor with a NUL, nor too long. */
static bool safe_path(const char *path, size_t size) {
  if (size == 0 || size > 4096 || memchr(path, 0, size)) return false;
  int depth = 0;
  while (true) {
    const char *slash = memchr(path, '/', size);
    size_t part = slash ? (size_t)(slash - path) : size;
    if (part == 0 || part > 255 || ++depth > MAX_DEPTH) return false;
    if (path[0] == '.' && (part == 1 || (part == 2 && path[1] == '.'))) return false;
    if (!slash) return true;
    path += part + 1;
    size -= part + 1;
  }
}

static uint32_t add_node(struct zip *zip, uint32_t parent, const char *name, size_t size) {
  if (zip->count == zip->capacity) {
    uint32_t capacity = zip->capacity ? zip->capacity * 2 : 64;
    struct zip_node *nodes = realloc(zip->nodes, capacity * sizeof *nodes);
    if (!nodes) return 0;
    zip->nodes = nodes;
    zip->capacity = capacity;
  }
  uint32_t at = zip->count++;
  struct zip_node *node = &zip->nodes[at];
  *node = (struct zip_node){.name = strndup(name, size), .parent = parent};
  if (!node->name) return 0;
  if (at == 0) return 0;
  node->next = zip->nodes[parent].first;
  zip->nodes[parent].first = at;
  uint32_t *bucket = &zip->buckets[hash_of(parent, name, size)];
  node->chain = *bucket;
  *bucket = at;
  return at;
}

static uint32_t hash_of(uint32_t parent, const char *name, size_t size) {
  uint32_t hash = 2166136261u ^ parent;
  for (size_t i = 0; i < size; i++) hash = (hash ^ (uint8_t)name[i]) * 16777619u;
  return (hash ^ hash >> 16) % BUCKETS;
}

static bool read_at(const struct zip *zip, void *to, size_t size, uint64_t offset) {
  return offset <= zip->size && size <= zip->size - offset && read_exactly(zip->fd, to, size, offset);
}
