#include "content-tree.h"
#include <stdbool.h>
#include <string.h>

static void add_hash_of(struct content_tree *tree, int level, uint8_t *block, size_t *filled);
static bool is_root(const struct content_tree *tree, int level);

void content_tree_start(struct content_tree *tree) { memset(tree, 0, sizeof *tree); }

void content_tree_add(struct content_tree *tree, const uint8_t *data, size_t size) {
  while (size > 0) {
    size_t part = CONTENT_TREE_BLOCK - tree->filled < size ? CONTENT_TREE_BLOCK - tree->filled : size;
    memcpy(tree->block + tree->filled, data, part);
    tree->filled += part;
    data += part;
    size -= part;
    if (tree->filled == CONTENT_TREE_BLOCK) add_hash_of(tree, 0, tree->block, &tree->filled);
  }
}

/* Unfinished blocks end in zeros. The first level that holds a single hash, with none above, has the root. */
void content_tree_end(struct content_tree *tree, uint8_t root[SHA256_SIZE]) {
  if (tree->filled > 0) add_hash_of(tree, 0, tree->block, &tree->filled);
  int level = 0;
  for (; level < CONTENT_TREE_LEVELS - 1 && !is_root(tree, level); level++) {
    if (tree->levels[level].filled > 0)
      add_hash_of(tree, level + 1, tree->levels[level].hashes, &tree->levels[level].filled);
  }
  memcpy(root, tree->levels[level].hashes, SHA256_SIZE);
}

static void add_hash_of(struct content_tree *tree, int level, uint8_t *block, size_t *filled) {
  static const uint8_t salt[8];
  struct sha2_state state;
  memset(block + *filled, 0, CONTENT_TREE_BLOCK - *filled);
  *filled = 0;
  sha2_start(&state, SHA_256);
  sha2_add(&state, salt, sizeof salt);
  sha2_add(&state, block, CONTENT_TREE_BLOCK);
  sha2_end(&state, tree->levels[level].hashes + tree->levels[level].filled);
  tree->levels[level].filled += SHA256_SIZE;
  if (tree->levels[level].filled == CONTENT_TREE_BLOCK && level + 1 < CONTENT_TREE_LEVELS)
    add_hash_of(tree, level + 1, tree->levels[level].hashes, &tree->levels[level].filled);
}

static bool is_root(const struct content_tree *tree, int level) {
  for (int above = level + 1; above < CONTENT_TREE_LEVELS; above++) {
    if (tree->levels[above].filled > 0) return false;
  }
  return tree->levels[level].filled == SHA256_SIZE;
}
