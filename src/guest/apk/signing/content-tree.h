/* Root of a hash tree over a stream of bytes: blocks of 4096, SHA-256, eight zeros before each block. */
#ifndef GUEST_CONTENT_TREE_H
#define GUEST_CONTENT_TREE_H
#include "../../crypto/sha2.h"

#define CONTENT_TREE_BLOCK 4096
/* 128 hashes a block: enough for any size that a ZIP without ZIP64 can have. */
#define CONTENT_TREE_LEVELS 6

struct content_tree {
  uint8_t block[CONTENT_TREE_BLOCK];
  size_t filled;
  struct {
    uint8_t hashes[CONTENT_TREE_BLOCK];
    size_t filled;
  } levels[CONTENT_TREE_LEVELS];
};

void content_tree_start(struct content_tree *tree);
void content_tree_add(struct content_tree *tree, const uint8_t *data, size_t size);
void content_tree_end(struct content_tree *tree, uint8_t root[SHA256_SIZE]);
#endif
