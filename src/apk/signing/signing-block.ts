/** The APK Signing Block between the ZIP's entries and its central directory (AVF: `libs/apkverify/src/sigutil.rs`). */
import { ApkError } from "../apk-error.js";
import { ByteReader } from "../byte-reader.js";
import { readRange, type ByteSource } from "../byte-source.js";
import { findZipEnd } from "../zip/end-of-central-directory.js";

export const BlockId = {
  V2: 0x7109871a,
  V3: 0xf05368c0,
  V31: 0x1b93ad61,
  PADDING: 0x42726577,
} as const;

/** Where an APK's parts are: `[0, blockOffset)` entries, the block, the central directory, the end record. */
export interface ApkSections {
  readonly blockOffset: number;
  readonly centralDirectoryOffset: number;
  readonly endOffset: number;
  readonly size: number;
}

export interface SigningBlock extends ApkSections {
  /** Values by id, in the block's order. Of an id that occurs twice the first counts. */
  readonly pairs: ReadonlyMap<number, BlockValue>;
}

export interface BlockValue {
  readonly bytes: Buffer;
  readonly offset: number;
}

export const BLOCK_MAGIC = Buffer.from("APK Sig Block 42", "latin1");
const FOOTER_SIZE = 24;
const HEADER_SIZE = 8;
const MAX_BLOCK_BYTES = 16 * 1024 * 1024;

export async function findSigningBlock(source: ByteSource): Promise<SigningBlock> {
  const { centralDirectoryOffset, endOffset } = await findCentralDirectory(source);
  if (centralDirectoryOffset < FOOTER_SIZE + HEADER_SIZE) {
    throw new ApkError(
      "APK_TOO_SMALL",
      `APK too small for APK Signing Block. ZIP Central Directory offset: ${centralDirectoryOffset}`,
      { offset: centralDirectoryOffset, field: "signing block" },
    );
  }
  const footerOffset = centralDirectoryOffset - FOOTER_SIZE;
  const footer = await readRange(source, footerOffset, FOOTER_SIZE, "signing block footer");
  if (!footer.subarray(8).equals(BLOCK_MAGIC)) {
    throw new ApkError("NO_SIGNING_BLOCK", "No APK Signing Block before ZIP Central Directory", {
      offset: footerOffset + 8,
      field: "signing block magic",
    });
  }
  const blockSize = new ByteReader(footer, "signing block footer", footerOffset).u64("size");
  if (blockSize < FOOTER_SIZE || blockSize > centralDirectoryOffset - HEADER_SIZE) {
    throw new ApkError("BAD_LENGTH", `APK Signing Block size out of range: ${blockSize}`, {
      offset: footerOffset,
      field: "signing block size in the footer",
    });
  }
  const blockOffset = centralDirectoryOffset - HEADER_SIZE - blockSize;
  const block = await readRange(source, blockOffset, HEADER_SIZE + blockSize, "signing block", MAX_BLOCK_BYTES);
  const reader = new ByteReader(block.subarray(0, -FOOTER_SIZE), "signing block", blockOffset);
  const headerSize = reader.u64("size");
  if (headerSize !== blockSize) {
    reader.refuse(
      "SIGNING_BLOCK_SIZES_DIFFER",
      `APK Signing Block sizes in header and footer do not match: ${headerSize} vs ${blockSize}`,
      "size in the header",
      0,
    );
  }
  return { blockOffset, centralDirectoryOffset, endOffset, size: source.size, pairs: readPairs(reader) };
}

/** As AVF demands it: no ZIP64, and nothing between the central directory and its end record. */
async function findCentralDirectory(source: ByteSource) {
  const end = await findZipEnd(source);
  if (end.zip64) {
    throw new ApkError("BAD_VALUE", "a ZIP64 archive cannot carry an APK Signing Block", {
      offset: end.endOffset,
      field: "end of central directory",
    });
  }
  const directoryEnd = end.centralDirectoryOffset + end.centralDirectorySize;
  if (directoryEnd !== end.endOffset) {
    throw new ApkError(
      "TRUNCATED_CENTRAL_DIRECTORY",
      `ZIP Central Directory ends at ${directoryEnd}, its end record starts at ${end.endOffset}`,
      { offset: directoryEnd, field: "central directory" },
    );
  }
  return end;
}

function readPairs(reader: ByteReader): ReadonlyMap<number, BlockValue> {
  const pairs = new Map<number, BlockValue>();
  for (let index = 0; reader.remaining > 0; index += 1) {
    const length = reader.u64(`pair ${index} length`);
    if (length < 4 || length > reader.remaining) {
      reader.refuse("BAD_LENGTH", `APK Signing Block entry #${index} size out of range: ${length}`, `pair ${index}`);
    }
    const id = reader.u32(`pair ${index} id`);
    const offset = reader.base + reader.position;
    const bytes = reader.bytes(length - 4, `pair ${index}`);
    if (!pairs.has(id)) pairs.set(id, { bytes, offset });
  }
  return pairs;
}
