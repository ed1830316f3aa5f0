/** The fs-verity Merkle tree of an idsig, built in one pass with a buffer a level (AVF: `hashtree.rs`). */
import { createHash, hash } from "node:crypto";
import { BLOCK_BYTES, HASH_BYTES, treeLayout, type TreeLayout } from "./tree-layout.js";

/** Takes a piece of the tree. The bytes are reused after the call: copy or use them up. */
type TreeSink = (offset: number, bytes: Buffer) => void;

interface MerkleTreeOptions {
  /** As the idsig header carries it; hashed in front of each block, padded to the hash's 64-byte input block. */
  readonly salt?: Uint8Array | undefined;
  /** Bytes hashed in front of each block as they are; for trees other than fs-verity's. */
  readonly hashPrefix?: Uint8Array | undefined;
  /** Where the tree goes, in pieces of whole blocks; levels interleave. Without it only the root is computed. */
  readonly sink?: TreeSink | undefined;
}

interface Level {
  readonly buffer: Buffer;
  /** Bytes of `buffer` that are filled. */
  used: number;
  /** Where `buffer` goes in the tree. */
  offset: number;
}

const HASH_INPUT_BLOCK = 64;
const SINK_BYTES = 256 * BLOCK_BYTES;

export class MerkleTreeBuilder {
  readonly layout: TreeLayout;
  readonly #levels: readonly Level[];
  readonly #hash: BlockHasher;
  readonly #sink: TreeSink | undefined;
  readonly #partial = Buffer.alloc(BLOCK_BYTES);
  #partialBytes = 0;
  #rootHash: Buffer | undefined;

  /** @param fileSize bytes that will be fed in all; decides the tree's shape */
  constructor(
    readonly fileSize: number,
    { salt, hashPrefix = padSalt(salt), sink }: MerkleTreeOptions = {},
  ) {
    this.layout = treeLayout(fileSize);
    this.#hash = blockHasher(hashPrefix);
    this.#sink = sink;
    this.#levels = this.layout.levels.map(({ offset, size }) => ({
      buffer: Buffer.alloc(Math.min(size, SINK_BYTES)),
      used: 0,
      offset,
    }));
  }

  /** Feeds the next bytes of the file, in pieces of any size. */
  update(bytes: Uint8Array): void {
    let at = 0;
    if (this.#partialBytes > 0) {
      at = Math.min(bytes.length, BLOCK_BYTES - this.#partialBytes);
      this.#partial.set(bytes.subarray(0, at), this.#partialBytes);
      this.#partialBytes += at;
      if (this.#partialBytes < BLOCK_BYTES) return;
      this.#partialBytes = 0;
      this.#append(0, this.#hash(this.#partial));
    }
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) {
      this.#append(0, this.#hash(bytes.subarray(at, at + BLOCK_BYTES)));
    }
    if (at < bytes.length) {
      this.#partial.set(bytes.subarray(at));
      this.#partialBytes = bytes.length - at;
    }
  }

  /** Feeds digests of the next blocks, computed elsewhere; the last of them may be that of the file's padded end. */
  addDigests(digests: Uint8Array): void {
    const leaves = this.#levels[0];
    if (!leaves) {
      this.#rootHash = Buffer.from(digests.subarray(0, HASH_BYTES));
      return;
    }
    for (let at = 0; at < digests.length;) {
      if (leaves.used === leaves.buffer.length) this.#flush(leaves);
      const room = BLOCK_BYTES - (leaves.used & (BLOCK_BYTES - 1));
      const piece = digests.subarray(at, at + room);
      leaves.buffer.set(piece, leaves.used);
      this.#fill(0, leaves, piece.length);
      at += piece.length;
    }
  }

  /** Ends the file: pads, closes every level, gives the root. */
  finish(): { readonly rootHash: Buffer } {
    if (this.#partialBytes > 0 || this.fileSize === 0) {
      this.#partial.fill(0, this.#partialBytes);
      this.#partialBytes = 0;
      this.#append(0, this.#hash(this.#partial));
    }
    for (const [index, level] of this.#levels.entries()) {
      const padding = -level.used & (BLOCK_BYTES - 1);
      if (padding > 0) {
        level.buffer.fill(0, level.used, level.used + padding);
        this.#fill(index, level, padding);
      }
      this.#flush(level);
    }
    if (!this.#rootHash) throw new Error("the Merkle tree was ended before its last block");
    return { rootHash: this.#rootHash };
  }

  #append(index: number, digest: string): void {
    const level = this.#levels[index];
    if (!level) {
      this.#rootHash = Buffer.from(digest, "latin1");
      return;
    }
    if (level.used === level.buffer.length) this.#flush(level);
    level.buffer.write(digest, level.used, HASH_BYTES, "latin1");
    this.#fill(index, level, HASH_BYTES);
  }

  /** Counts bytes that were put into a level; a block that is full goes up. */
  #fill(index: number, level: Level, bytes: number): void {
    level.used += bytes;
    if ((level.used & (BLOCK_BYTES - 1)) === 0) {
      this.#append(index + 1, this.#hash(level.buffer.subarray(level.used - BLOCK_BYTES, level.used)));
    }
  }

  #flush(level: Level): void {
    if (level.used === 0) return;
    this.#sink?.(level.offset, level.buffer.subarray(0, level.used));
    level.offset += level.used;
    level.used = 0;
  }
}

/** Digests go as strings of one character a byte: a Buffer for each would cost a third of the whole time. */
type BlockHasher = (block: Uint8Array) => string;

function blockHasher(prefix: Uint8Array): BlockHasher {
  if (prefix.length === 0) return (block) => hash("sha256", block, "binary");
  return (block) => createHash("sha256").update(prefix).update(block).digest("binary");
}

export function padSalt(salt: Uint8Array | undefined): Buffer {
  if (!salt || salt.length === 0) return Buffer.alloc(0);
  const padded = Buffer.alloc(Math.ceil(salt.length / HASH_INPUT_BLOCK) * HASH_INPUT_BLOCK);
  padded.set(salt);
  return padded;
}
