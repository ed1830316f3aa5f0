/* The APK as an archive: its directory, read once and checked, and the content of its entries. */
#ifndef GUEST_ZIP_H
#define GUEST_ZIP_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A file or a folder of the archive. Node 0 is the root. */
struct zip_node {
  char *name;
  uint32_t parent;
  /* Folder: first child; every node: next child of the same folder. 0 ends a list. */
  uint32_t first, next;
  /* Next node with the same hash of (parent, name). */
  uint32_t chain;
  bool folder;
  /* Permissions, as zipfuse gives them. */
  uint16_t mode;
  uint16_t method;
  uint32_t crc, packed_size, size, header_offset;
};

struct zip {
  int fd;
  uint64_t size;
  uint32_t count, capacity;
  struct zip_node *nodes;
  uint32_t *buckets;
  /* Entries that were left out because their names lead out of the archive. */
  uint32_t refused;
};

/* Reads the directory of the archive in the first `size` bytes of `fd`. Returns NULL, or what is wrong with it. */
const char *zip_open(struct zip *zip, int fd, uint64_t size);
/* Frees what an opened archive, or one that could not be opened, holds. The file stays the caller's. */
void zip_close(struct zip *zip);
/* Where the directory of an archive begins, and where its end record does. Returns NULL, or what is wrong. */
const char *zip_find_directory(int fd, uint64_t size, uint64_t *directory, uint64_t *end);
/* Node of a name in a folder; 0 when there is none. */
uint32_t zip_child(const struct zip *zip, uint32_t folder, const char *name, size_t name_size);
/* Offset of a file's data in the archive; 0 when its header or its size does not fit. */
uint64_t zip_data_offset(const struct zip *zip, const struct zip_node *node);
/* Unpacks a deflated file into fresh memory and checks its sum; NULL when it is broken. */
uint8_t *zip_unpack(const struct zip *zip, const struct zip_node *node);
#endif
