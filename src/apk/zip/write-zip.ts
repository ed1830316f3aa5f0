/** Writes a ZIP as an APK wants it: aligned contents, no clock in it, so the same input gives the same bytes. */
import { crc32, deflateRawSync } from "node:zlib";
import { ApkError } from "../apk-error.js";
import { u16, u32 } from "../byte-writer.js";
import { DEFLATED, STORED } from "./central-directory.js";
import { checkEntryName } from "./entry-name.js";

export interface NewEntry {
  readonly name: string;
  readonly content: Uint8Array;
  /** Deflate when that is smaller. Such content is not aligned. Default false. */
  readonly compress?: boolean;
  /** Where stored content starts: a multiple of this. Default 4. */
  readonly alignBytes?: number;
}

/** The three sections a signature is over; in this order they are a ZIP. */
export interface ZipSections {
  readonly entries: readonly Buffer[];
  readonly centralDirectory: Buffer;
  readonly end: Buffer;
}

/** Marks padding in the extra field, and is a well-formed extra field where plain zeros are not. */
const ALIGNMENT_EXTRA = 0xd935;
const LOCAL_HEADER_BYTES = 30;
/** 1980-01-01, the first day ZIP knows. */
const TIME_AND_DATE = 0x00210000;
const VERSION = 20;
const UTF8_NAME = 0x0800;
const UNIX_FILE_644 = 0o100644 * 0x10000;
const MAX_ENTRIES = 0xfffe;
const MAX_BYTES = 0xfffffffe;

export function writeZip(entries: readonly NewEntry[]): ZipSections {
  if (entries.length > MAX_ENTRIES) {
    throw new ApkError("LIMIT_EXCEEDED", `${entries.length} entries; an APK has at most ${MAX_ENTRIES}`);
  }
  const local: Buffer[] = [];
  const central: Buffer[] = [];
  let offset = 0;
  for (const entry of entries) {
    checkEntryName(entry.name, undefined, "new entry");
    const written = writeEntry(entry, offset);
    local.push(...written.local);
    central.push(written.central);
    offset = written.end;
    if (offset > MAX_BYTES) throw new ApkError("LIMIT_EXCEEDED", "an APK cannot reach 4 GiB", { field: entry.name });
  }
  const centralDirectory = Buffer.concat(central);
  const count = u16(entries.length);
  const end = Buffer.concat([u32(0x06054b50), u32(0), count, count, u32(centralDirectory.length), u32(offset), u16(0)]);
  return { entries: local, centralDirectory, end };
}

function writeEntry({ name, content, compress = false, alignBytes = 4 }: NewEntry, offset: number) {
  const packed = compress ? deflateRawSync(content) : content;
  const deflated = packed.length < content.length;
  const data = deflated ? packed : content;
  const nameBytes = Buffer.from(name);
  const extra = deflated ? Buffer.alloc(0) : alignmentExtra(offset + LOCAL_HEADER_BYTES + nameBytes.length, alignBytes);
  const common = Buffer.concat([
    u16(/^[\x20-\x7e]*$/.test(name) ? 0 : UTF8_NAME),
    u16(deflated ? DEFLATED : STORED),
    u32(TIME_AND_DATE),
    u32(crc32(content)),
    u32(data.length),
    u32(content.length),
    u16(nameBytes.length),
  ]);
  const local = [Buffer.concat([u32(0x04034b50), u16(VERSION), common, u16(extra.length), nameBytes, extra]), data];
  const central = Buffer.concat([
    u32(0x02014b50),
    u16(VERSION | 0x0300),
    u16(VERSION),
    common,
    u32(0),
    u32(0),
    u32(UNIX_FILE_644),
    u32(offset),
    nameBytes,
  ]);
  const end = offset + LOCAL_HEADER_BYTES + nameBytes.length + extra.length + data.length;
  return { local: local.map((piece) => Buffer.from(piece.buffer, piece.byteOffset, piece.length)), central, end };
}

function alignmentExtra(extraOffset: number, alignBytes: number): Buffer {
  if (extraOffset % alignBytes === 0) return Buffer.alloc(0);
  const smallest = 6;
  const past = (extraOffset + smallest) % alignBytes;
  const zeros = past === 0 ? 0 : alignBytes - past;
  return Buffer.concat([u16(ALIGNMENT_EXTRA), u16(2 + zeros), u16(alignBytes), Buffer.alloc(zeros)]);
}
