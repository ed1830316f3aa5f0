/** The end of a ZIP: where its central directory stands and what comes after it. ZIP64 is read where present. */
import { ApkError } from "../apk-error.js";
import { ByteReader } from "../byte-reader.js";
import { readRange, type ByteSource } from "../byte-source.js";

export interface ZipEnd {
  readonly centralDirectoryOffset: number;
  readonly centralDirectorySize: number;
  readonly entryCount: number;
  /** Offset of the classic end record. */
  readonly endOffset: number;
  readonly zip64: boolean;
}

const END_SIGNATURE = 0x06054b50;
const END_SIZE = 22;
const MAX_COMMENT = 0xffff;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_SIZE = 20;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_SIZE = 56;
const U16 = 0xffff;
const U32 = 0xffffffff;

export async function findZipEnd(source: ByteSource): Promise<ZipEnd> {
  const endOffset = await findEndRecord(source);
  const record = new ByteReader(
    await readRange(source, endOffset, END_SIZE, "end of central directory"),
    "end of central directory",
    endOffset,
  );
  record.u32("signature");
  const disk = record.u16("disk number");
  const directoryDisk = record.u16("disk of the central directory");
  const entriesHere = record.u16("entries on this disk");
  const entryCount = record.u16("entries");
  const centralDirectorySize = record.u32("central directory size");
  const centralDirectoryOffset = record.u32("central directory offset");
  const saturated = entryCount === U16 || centralDirectorySize === U32 || centralDirectoryOffset === U32;
  const zip64 = saturated ? await readZip64End(source, endOffset) : undefined;
  if (zip64) return { ...zip64, endOffset, zip64: true };
  if (disk !== 0 || directoryDisk !== 0 || entriesHere !== entryCount) {
    record.refuse("NOT_A_ZIP", "a ZIP of several parts is not supported", "disk number", 4);
  }
  return checkRange({ centralDirectoryOffset, centralDirectorySize, entryCount, endOffset, zip64: false }, endOffset);
}

/** The record nearest to the end whose comment reaches the end of the file exactly. */
async function findEndRecord(source: ByteSource): Promise<number> {
  if (source.size < END_SIZE) {
    throw new ApkError("NOT_A_ZIP", `a file of ${source.size} bytes is no ZIP`, { offset: 0, field: "file" });
  }
  const tailSize = Math.min(source.size, END_SIZE + MAX_COMMENT);
  const tailOffset = source.size - tailSize;
  const tail = await readRange(source, tailOffset, tailSize, "end of the file");
  for (let at = tailSize - END_SIZE; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) === END_SIGNATURE && tail.readUInt16LE(at + 20) === tailSize - at - END_SIZE) {
      return tailOffset + at;
    }
  }
  throw new ApkError("NOT_A_ZIP", "no End Of Central Directory record: not a ZIP, or its end is missing", {
    offset: source.size,
    field: "end of central directory",
  });
}

async function readZip64End(
  source: ByteSource,
  endOffset: number,
): Promise<Omit<ZipEnd, "endOffset" | "zip64"> | undefined> {
  const locatorOffset = endOffset - ZIP64_LOCATOR_SIZE;
  if (locatorOffset < 0) return undefined;
  const name = "ZIP64 end of central directory";
  const locator = new ByteReader(
    await readRange(source, locatorOffset, ZIP64_LOCATOR_SIZE, `${name} locator`),
    `${name} locator`,
    locatorOffset,
  );
  if (locator.u32("signature") !== ZIP64_LOCATOR_SIGNATURE) return undefined;
  locator.u32("disk");
  const recordOffset = locator.u64("offset of the record");
  if (recordOffset > locatorOffset - ZIP64_END_SIZE) {
    locator.refuse(
      "BAD_LENGTH",
      `the record at ${recordOffset} would reach into its locator`,
      "offset of the record",
      8,
    );
  }
  const record = new ByteReader(await readRange(source, recordOffset, ZIP64_END_SIZE, name), name, recordOffset);
  if (record.u32("signature") !== ZIP64_END_SIGNATURE) record.refuse("NOT_A_ZIP", "signature is wrong", "signature", 0);
  record.u64("record size");
  record.u32("versions");
  if (record.u32("disk number") !== 0 || record.u32("disk of the central directory") !== 0) {
    record.refuse("NOT_A_ZIP", "a ZIP of several parts is not supported", "disk number", 16);
  }
  record.u64("entries on this disk");
  const entryCount = record.u64("entries");
  const centralDirectorySize = record.u64("central directory size");
  const centralDirectoryOffset = record.u64("central directory offset");
  return checkRange({ entryCount, centralDirectorySize, centralDirectoryOffset }, recordOffset);
}

function checkRange<Place extends Pick<ZipEnd, "centralDirectoryOffset" | "centralDirectorySize">>(
  place: Place,
  limit: number,
): Place {
  const end = place.centralDirectoryOffset + place.centralDirectorySize;
  if (end <= limit) return place;
  throw new ApkError(
    "TRUNCATED_CENTRAL_DIRECTORY",
    `the central directory (${place.centralDirectorySize} bytes) would end at ${end}, after its end record at ${limit}`,
    { offset: place.centralDirectoryOffset, field: "central directory" },
  );
}
