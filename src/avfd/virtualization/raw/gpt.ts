/**
 * A GUID partition table around files that become partitions (UEFI Specification, chapter 5), laid out as crosvm lays out
 * composite disks: partitions begin at multiples of 4 KiB, the first behind 20 KiB.
 */
import { crc32 } from "node:zlib";
import { kernelRandomBytes } from "../../kernel-random.js";

interface GptPartition {
  readonly label: string;
  readonly bytes: number;
  /** Its own, with hyphens. Default: one of chance. */
  readonly guid?: string | undefined;
}

interface Gpt {
  /** At the beginning of the disk, and what stands behind the partitions. */
  readonly header: Buffer;
  readonly footer: Buffer;
  /** Where each partition begins, in order. */
  readonly offsets: readonly number[];
  readonly footerOffset: number;
  readonly diskBytes: number;
}

const SECTOR = 512;
export const PARTITION_ALIGNMENT_BYTES = 4096;
const HEADER_BYTES = 92;
const ENTRIES = 128;
const ENTRY_BYTES = 128;
const TABLE_BYTES = ENTRIES * ENTRY_BYTES;
/** Protective MBR, header and table, up to where the first partition begins. */
const BEGINNING_BYTES = 40 * SECTOR;
/** Table and header once more, at the very end. */
const END_BYTES = TABLE_BYTES + SECTOR;
const LABEL_UNITS = 36;
const LINUX_FILESYSTEM = guidBytes("0fc63daf-8483-4772-8e79-3d69d8477de4");

export function alignPartition(bytes: number): number {
  return Math.ceil(bytes / PARTITION_ALIGNMENT_BYTES) * PARTITION_ALIGNMENT_BYTES;
}

/** Throws an Error in crosvm's words for labels that are not distinct, and for more partitions than a table has room for. */
export function makeGpt(partitions: readonly GptPartition[]): Gpt {
  if (partitions.length > ENTRIES) throw new Error(`${partitions.length} partitions are too many: at most ${ENTRIES}`);
  const labels = new Set<string>();
  const table = Buffer.alloc(TABLE_BYTES);
  const offsets: number[] = [];
  let offset = BEGINNING_BYTES;
  for (const [index, { label, bytes, guid }] of partitions.entries()) {
    const units = label.slice(0, LABEL_UNITS);
    if (labels.has(units)) throw new Error(`duplicate GPT partition label "${label}"`);
    labels.add(units);
    const entry = table.subarray(index * ENTRY_BYTES, (index + 1) * ENTRY_BYTES);
    LINUX_FILESYSTEM.copy(entry, 0);
    (guid === undefined ? randomGuid() : guidBytes(guid)).copy(entry, 16);
    entry.writeBigUInt64LE(BigInt(offset / SECTOR), 32);
    entry.writeBigUInt64LE(BigInt((offset + alignPartition(bytes)) / SECTOR - 1), 40);
    entry.write(units, 56, "utf16le");
    offsets.push(offset);
    offset += alignPartition(bytes);
  }
  const padding = alignPartition(END_BYTES) - END_BYTES;
  const diskBytes = offset + padding + END_BYTES;
  const disk = { table, guid: randomGuid(), sectors: diskBytes / SECTOR };
  const header = Buffer.alloc(BEGINNING_BYTES);
  protectiveMbr(disk.sectors).copy(header, 0);
  gptHeader(disk, "first").copy(header, SECTOR);
  table.copy(header, 2 * SECTOR);
  const footer = Buffer.concat([Buffer.alloc(padding), table, gptHeader(disk, "second")]);
  return { header, footer, offsets, footerOffset: offset, diskBytes };
}

interface DiskFacts {
  readonly table: Buffer;
  readonly guid: Buffer;
  readonly sectors: number;
}

function gptHeader({ table, guid, sectors }: DiskFacts, which: "first" | "second"): Buffer {
  const last = sectors - 1;
  const isFirst = which === "first";
  const header = Buffer.alloc(SECTOR);
  header.write("EFI PART", 0, "latin1");
  header.writeUInt32LE(0x10000, 8);
  header.writeUInt32LE(HEADER_BYTES, 12);
  header.writeBigUInt64LE(BigInt(isFirst ? 1 : last), 24);
  header.writeBigUInt64LE(BigInt(isFirst ? last : 1), 32);
  header.writeBigUInt64LE(BigInt(BEGINNING_BYTES / SECTOR), 40);
  header.writeBigUInt64LE(BigInt(last - END_BYTES / SECTOR), 48);
  guid.copy(header, 56);
  header.writeBigUInt64LE(BigInt(isFirst ? 2 : last - TABLE_BYTES / SECTOR), 72);
  header.writeUInt32LE(ENTRIES, 80);
  header.writeUInt32LE(ENTRY_BYTES, 84);
  header.writeUInt32LE(crc32(table), 88);
  header.writeUInt32LE(crc32(header.subarray(0, HEADER_BYTES)), 16);
  return header;
}

/** One partition of all, so that tools which know no GPT leave the disk alone. */
function protectiveMbr(sectors: number): Buffer {
  const mbr = Buffer.alloc(SECTOR);
  const entry = mbr.subarray(446);
  entry.set([0, 0, 2, 0, 0xee, 0xff, 0xff, 0xff]);
  entry.writeUInt32LE(1, 8);
  entry.writeUInt32LE(Math.min(sectors - 1, 0xffff_ffff), 12);
  mbr.writeUInt16LE(0xaa55, 510);
  return mbr;
}

/** As a table has it: the first three groups of digits in the byte order of the machine. */
function guidBytes(text: string): Buffer {
  const bytes = Buffer.from(text.replaceAll("-", ""), "hex");
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}

/** Version 4 of RFC 9562. */
function randomGuid(): Buffer {
  const bytes = kernelRandomBytes(16);
  bytes[7] = ((bytes[7] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes;
}
