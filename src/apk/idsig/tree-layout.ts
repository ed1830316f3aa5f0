/** Shape of a Merkle tree: how many levels a file of some size has and where each stands. */

export const BLOCK_BYTES = 4096;
export const HASH_BYTES = 32;
const HASHES_PER_BLOCK = BLOCK_BYTES / HASH_BYTES;

interface TreeLevel {
  /** From the start of the tree: the top level comes first, the leaves last. */
  readonly offset: number;
  /** Padded to whole blocks. */
  readonly size: number;
}

export interface TreeLayout {
  /** Leaves first. None for a file of at most one block. */
  readonly levels: readonly TreeLevel[];
  readonly treeSize: number;
}

export function treeLayout(fileSize: number): TreeLayout {
  const sizes: number[] = [];
  for (let blocks = Math.ceil(fileSize / BLOCK_BYTES); blocks > 1;) {
    const levelBlocks = Math.ceil(blocks / HASHES_PER_BLOCK);
    sizes.push(levelBlocks * BLOCK_BYTES);
    blocks = levelBlocks;
  }
  let offset = sizes.reduce((sum, size) => sum + size, 0);
  const treeSize = offset;
  const levels = sizes.map((size) => ({ offset: (offset -= size), size }));
  return { levels, treeSize };
}
