/** Digests of an APK's content, all but its signing block, as schemes v2 and v3 sign them. */
import { createHash } from "node:crypto";
import { ApkError } from "../apk-error.js";
import { u32, u64 } from "../byte-writer.js";
import { readRange, type ByteSource } from "../byte-source.js";
import { MerkleTreeBuilder } from "../idsig/merkle-tree.js";
import type { DigestKind } from "./algorithms.js";
import type { ApkSections } from "./signing-block.js";

const CHUNK_BYTES = 1024 * 1024;
const END_CENTRAL_DIRECTORY_OFFSET = 16;
const VERITY_SALT = Buffer.alloc(8);
const VERITY_BLOCK = 4096;

/** Digests of several kinds cost one pass over the file. */
export async function contentDigests(
  source: ByteSource,
  sections: ApkSections,
  kinds: readonly DigestKind[],
): Promise<ReadonlyMap<DigestKind, Buffer>> {
  const builders = [...new Set(kinds)].map((kind) => makeBuilder(kind, sections));
  for (const [start, end] of [
    [0, sections.blockOffset],
    [sections.centralDirectoryOffset, sections.endOffset],
    [sections.endOffset, sections.size],
  ] as const) {
    for (let offset = start; offset < end; offset += CHUNK_BYTES) {
      const chunk = await readRange(source, offset, Math.min(CHUNK_BYTES, end - offset), "content");
      const bytes = start === sections.endOffset ? withBlockOffset(chunk, sections.blockOffset) : chunk;
      for (const builder of builders) builder.update(bytes);
    }
  }
  return new Map(builders.map((builder) => [builder.kind, builder.finish()]));
}

/** Signing moves the central directory; digests are over the file as if it had not. */
function withBlockOffset(endRecord: Buffer, blockOffset: number): Buffer {
  const copy = Buffer.from(endRecord);
  copy.writeUInt32LE(blockOffset, END_CENTRAL_DIRECTORY_OFFSET);
  return copy;
}

interface DigestBuilder {
  readonly kind: DigestKind;
  /** Takes the next chunk: at most 1 MiB, never across two sections. */
  update(chunk: Buffer): void;
  finish(): Buffer;
}

function makeBuilder(kind: DigestKind, sections: ApkSections): DigestBuilder {
  if (kind === "verity-sha256") return new VerityDigest(sections);
  return new ChunkedDigest(kind, kind === "chunked-sha256" ? "sha256" : "sha512");
}

class ChunkedDigest implements DigestBuilder {
  readonly #digests: Buffer[] = [];

  constructor(
    readonly kind: DigestKind,
    readonly hash: "sha256" | "sha512",
  ) {}

  update(chunk: Buffer): void {
    this.#digests.push(createHash(this.hash).update(prefix(0xa5, chunk.length)).update(chunk).digest());
  }

  finish(): Buffer {
    const top = createHash(this.hash).update(prefix(0x5a, this.#digests.length));
    for (const digest of this.#digests) top.update(digest);
    return top.digest();
  }
}

/** Root of a Merkle tree over the content, then its size: `apksigner --verity-enabled`. */
class VerityDigest implements DigestBuilder {
  readonly kind = "verity-sha256";
  readonly #tree: MerkleTreeBuilder;
  readonly #size: number;

  constructor({ blockOffset, centralDirectoryOffset, size }: ApkSections) {
    if (blockOffset % VERITY_BLOCK !== 0) {
      throw new ApkError(
        "BAD_LENGTH",
        `APK Signing Block at ${blockOffset} does not start a block of ${VERITY_BLOCK}`,
        {
          offset: blockOffset,
          field: "verity digest",
        },
      );
    }
    this.#size = blockOffset + size - centralDirectoryOffset;
    this.#tree = new MerkleTreeBuilder(this.#size, { hashPrefix: VERITY_SALT });
  }

  update(chunk: Buffer): void {
    this.#tree.update(chunk);
  }

  finish(): Buffer {
    return Buffer.concat([this.#tree.finish().rootHash, u64(this.#size)]);
  }
}

function prefix(kind: number, count: number): Buffer {
  return Buffer.concat([Buffer.from([kind]), u32(count)]);
}
