/** Reading ZIP archives such as APKs: names from the central directory, one entry at a time, within limits. */
import { crc32, inflateRawSync } from "node:zlib";
import { ApkError } from "../apk-error.js";
import { readRange, type ByteSource } from "../byte-source.js";
import { DEFLATED, parseCentralDirectory, STORED, type ZipEntry } from "./central-directory.js";
import { findZipEnd, type ZipEnd } from "./end-of-central-directory.js";

export interface ZipLimits {
  /** Largest central directory that is read. Default 64 MiB. */
  readonly maxDirectoryBytes?: number;
}

export interface ReadEntryOptions {
  /** Largest content, unpacked. Default 64 MiB. */
  readonly maxBytes?: number;
}

export interface Zip {
  readonly source: ByteSource;
  readonly end: ZipEnd;
  readonly entries: ReadonlyMap<string, ZipEntry>;
  has(name: string): boolean;
  /** Unpacked content; its size and CRC are checked. */
  read(name: string, options?: ReadEntryOptions): Promise<Buffer>;
  /** Where the (packed) content stands in the file. */
  locate(name: string): Promise<EntryRange>;
}

export interface EntryRange {
  readonly offset: number;
  readonly length: number;
}

const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_SIZE = 30;
const ENCRYPTED = 0x0001;
const MEBIBYTE = 1024 * 1024;

export async function openZip(source: ByteSource, { maxDirectoryBytes = 64 * MEBIBYTE }: ZipLimits = {}): Promise<Zip> {
  const end = await findZipEnd(source);
  const { centralDirectoryOffset, centralDirectorySize } = end;
  const directory = await readRange(
    source,
    centralDirectoryOffset,
    centralDirectorySize,
    "central directory",
    maxDirectoryBytes,
  );
  const entries = parseCentralDirectory(directory, end.entryCount, centralDirectoryOffset);
  refuseOverlaps(entries, centralDirectoryOffset);
  const find = (name: string): ZipEntry => {
    const entry = entries.get(name);
    if (!entry) throw new ApkError("ENTRY_NOT_FOUND", `the archive has no entry "${name}"`, { field: name });
    return entry;
  };
  return {
    source,
    end,
    entries,
    has: (name) => entries.has(name),
    read: async (name, options) => readEntry(source, find(name), centralDirectoryOffset, options),
    locate: async (name) => locateEntry(source, find(name), centralDirectoryOffset),
  };
}

/** Two entries over the same bytes are how a small file unpacks to a huge one. */
function refuseOverlaps(entries: ReadonlyMap<string, ZipEntry>, limit: number): void {
  const sorted = [...entries.values()].sort((a, b) => a.localHeaderOffset - b.localHeaderOffset);
  sorted.forEach((entry, index) => {
    const next = sorted[index + 1];
    const end = entry.localHeaderOffset + LOCAL_SIZE + entry.compressedSize;
    if (end <= (next?.localHeaderOffset ?? limit)) return;
    const other = next ? `"${next.name}"` : "the central directory";
    throw new ApkError("OVERLAPPING_ENTRIES", `"${entry.name}" would reach into ${other}`, {
      offset: entry.localHeaderOffset,
      field: entry.name,
    });
  });
}

async function locateEntry(source: ByteSource, entry: ZipEntry, limit: number): Promise<EntryRange> {
  const { localHeaderOffset, name } = entry;
  const header = await readRange(source, localHeaderOffset, LOCAL_SIZE, `local header of "${name}"`);
  if (header.readUInt32LE(0) !== LOCAL_SIGNATURE) {
    throw new ApkError("BAD_ENTRY", `"${name}" has no local header`, { offset: localHeaderOffset, field: name });
  }
  const nameLength = header.readUInt16LE(26);
  const offset = localHeaderOffset + LOCAL_SIZE + nameLength + header.readUInt16LE(28);
  const localName = await readRange(source, localHeaderOffset + LOCAL_SIZE, nameLength, `local name of "${name}"`);
  if (!localName.equals(Buffer.from(name))) {
    const other = JSON.stringify(localName.toString());
    throw new ApkError("BAD_ENTRY", `"${name}" is called ${other} in its local header`, {
      offset: localHeaderOffset + LOCAL_SIZE,
      field: name,
    });
  }
  if (offset + entry.compressedSize > limit) {
    throw new ApkError("OVERLAPPING_ENTRIES", `"${name}" would reach into the central directory`, {
      offset,
      field: name,
    });
  }
  return { offset, length: entry.compressedSize };
}

async function readEntry(
  source: ByteSource,
  entry: ZipEntry,
  limit: number,
  { maxBytes = 64 * MEBIBYTE }: ReadEntryOptions = {},
): Promise<Buffer> {
  const { name, size, method } = entry;
  const { offset, length } = await locateEntry(source, entry, limit);
  const place = { offset, field: name };
  if ((entry.flags & ENCRYPTED) !== 0) throw new ApkError("ENCRYPTED_ENTRY", `"${name}" is encrypted`, place);
  if (size > maxBytes) {
    throw new ApkError("LIMIT_EXCEEDED", `"${name}" unpacks to ${size} bytes; at most ${maxBytes} are read`, place);
  }
  const packed = await readRange(source, offset, length, `content of "${name}"`, packedLimit(maxBytes));
  const content = unpack(packed, method, name, size, place);
  if (content.length !== size) {
    throw new ApkError("BAD_ENTRY", `"${name}" unpacks to ${content.length} bytes instead of ${size}`, place);
  }
  if (crc32(content) !== entry.crc32) throw new ApkError("CRC_MISMATCH", `"${name}" does not match its CRC`, place);
  return content;
}

/** Deflate adds a few bytes to what it cannot shrink. */
function packedLimit(maxBytes: number): number {
  return maxBytes + Math.ceil(maxBytes / 1000) + 64;
}

function unpack(
  packed: Buffer,
  method: number,
  name: string,
  size: number,
  place: { readonly offset: number; readonly field: string },
): Buffer {
  if (method === STORED) return packed;
  if (method !== DEFLATED) {
    throw new ApkError("UNSUPPORTED_COMPRESSION", `"${name}" uses compression method ${method}`, place);
  }
  try {
    // One byte more than declared is enough to see that it is more.
    return inflateRawSync(packed, { maxOutputLength: size + 1 });
  } catch (cause) {
    throw new ApkError("BAD_ENTRY", `"${name}" cannot be unpacked to its ${size} bytes`, { ...place, cause });
  }
}
