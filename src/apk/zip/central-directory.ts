/** Entries as the central directory lists them. Local headers are never trusted for names or sizes. */
import { ApkError } from "../apk-error.js";
import { ByteReader } from "../byte-reader.js";
import { checkEntryName } from "./entry-name.js";

export const STORED = 0;
export const DEFLATED = 8;

export interface ZipEntry {
  readonly name: string;
  /** 0 stored, 8 deflated; others can be listed, not read. */
  readonly method: number;
  readonly flags: number;
  readonly crc32: number;
  readonly compressedSize: number;
  readonly size: number;
  readonly localHeaderOffset: number;
  /** Offset of this entry's record, for error texts. */
  readonly recordOffset: number;
}

const RECORD_SIGNATURE = 0x02014b50;
const RECORD_SIZE = 46;
const ZIP64_EXTRA = 0x0001;
const U32 = 0xffffffff;

/**
 * @param count as the end record has it; must match exactly
 * @param directoryOffset offset of `bytes` in the file: entries must stand before it
 */
export function parseCentralDirectory(
  bytes: Uint8Array,
  count: number,
  directoryOffset: number,
): ReadonlyMap<string, ZipEntry> {
  const reader = new ByteReader(bytes, "central directory", directoryOffset);
  if (count > Math.floor(bytes.byteLength / RECORD_SIZE)) {
    reader.refuse(
      "TRUNCATED_CENTRAL_DIRECTORY",
      `${count} entries cannot stand in a central directory of ${bytes.byteLength} bytes`,
      "entries",
    );
  }
  const entries = new Map<string, ZipEntry>();
  for (let index = 0; index < count; index += 1) {
    const entry = readRecord(reader, index, directoryOffset);
    if (entries.has(entry.name)) {
      throw new ApkError("DUPLICATE_ENTRY", `entry "${entry.name}" is listed twice`, {
        offset: entry.recordOffset,
        field: `central directory, entry ${index}`,
      });
    }
    entries.set(entry.name, entry);
  }
  return entries;
}

function readRecord(reader: ByteReader, index: number, directoryOffset: number): ZipEntry {
  const start = reader.position;
  const field = `entry ${index}`;
  if (reader.u32(`${field} signature`) !== RECORD_SIGNATURE) {
    reader.refuse("BAD_ENTRY", "signature is wrong", `${field} signature`, start);
  }
  reader.u32(`${field} versions`);
  const flags = reader.u16(`${field} flags`);
  const method = reader.u16(`${field} method`);
  reader.u32(`${field} time`);
  const crc32 = reader.u32(`${field} CRC`);
  const compressedSize = reader.u32(`${field} compressed size`);
  const size = reader.u32(`${field} size`);
  const nameLength = reader.u16(`${field} name length`);
  const extraLength = reader.u16(`${field} extra length`);
  const commentLength = reader.u16(`${field} comment length`);
  reader.bytes(8, `${field} attributes`);
  const localHeaderOffset = reader.u32(`${field} local header offset`);
  const name = reader.bytes(nameLength, `${field} name`).toString("utf8");
  const extra = reader.bytes(extraLength, `${field} extra`);
  reader.bytes(commentLength, `${field} comment`);
  const recordOffset = reader.base + start;
  checkEntryName(name, recordOffset, `central directory, ${field}`);
  const sizes = widen({ size, compressedSize, localHeaderOffset }, extra, `central directory, ${field}`, recordOffset);
  if (sizes.localHeaderOffset >= directoryOffset) {
    reader.refuse("BAD_ENTRY", `"${name}" would start in the central directory`, `${field} local header offset`, start);
  }
  return { name, method, flags, crc32, ...sizes, recordOffset };
}

interface Sizes {
  readonly size: number;
  readonly compressedSize: number;
  readonly localHeaderOffset: number;
}

/** Replaces saturated 32-bit fields by those of the ZIP64 extra field, in the order the format fixes. */
function widen(sizes: Sizes, extra: Uint8Array, path: string, base: number): Sizes {
  if (sizes.size !== U32 && sizes.compressedSize !== U32 && sizes.localHeaderOffset !== U32) return sizes;
  const reader = new ByteReader(extra, `${path} extra`, base);
  while (reader.remaining >= 4) {
    const id = reader.u16("id");
    const body = new ByteReader(reader.bytes(reader.u16("length"), "body"), `${path} ZIP64 extra`, base);
    if (id !== ZIP64_EXTRA) continue;
    return {
      size: sizes.size === U32 ? body.u64("size") : sizes.size,
      compressedSize: sizes.compressedSize === U32 ? body.u64("compressed size") : sizes.compressedSize,
      localHeaderOffset: sizes.localHeaderOffset === U32 ? body.u64("local header offset") : sizes.localHeaderOffset,
    };
  }
  return sizes;
}
