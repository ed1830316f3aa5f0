/**
 * Looks at a file that is to be an initramfs: an archive of cpio's newc form, several of them, or compressed ones, with zeros
 * between them, as the kernel's buffer format has it (Documentation/driver-api/early-userspace/buffer-format.rst).
 */
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openFile, problemOf, type OpenedFile } from "./open-file.js";
import { describeError } from "../../base/errors.js";
import { isNewc } from "../../base/files/cpio.js";
import { isGzip, unpackGzipMember } from "../../base/files/gzip-member.js";
import { NewcReader } from "./newc-reader.js";

/** By their first bytes (lib/decompress.c of the kernel); all but gzip are unpacked by the guest only. */
const COMPRESSIONS: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ["bzip2", [0x42, 0x5a]],
  ["LZMA", [0x5d, 0x00]],
  ["xz", [0xfd, 0x37, 0x7a]],
  ["LZO", [0x89, 0x4c, 0x5a]],
  ["LZ4", [0x02, 0x21]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
];
/** The frame that the lz4 program writes unless it is told otherwise. */
const LZ4_FRAME = [0x04, 0x22, 0x4d, 0x18];
const HEAD_BYTES = 6;
const ZEROS_BYTES = 64 << 10;
/** More of them are left to the kernel: a look takes no longer than a boot. */
const MAX_MEMBERS = 100;
const CUT = "the file is cut off or damaged: copy or make it again";

/**
 * Archives that are not compressed, or by gzip, are read to their end; of the rest only the kind is looked at, and what
 * follows it is left to the kernel.
 * @throws UsageError naming file and reason
 */
export async function lookAtInitrd(source: string | Uint8Array): Promise<void> {
  await using file = await openFile(source, "an initramfs");
  let at = await skipZeros(file, 0);
  await requireKnown(file, at);
  for (let members = 0; at < file.bytes && members < MAX_MEMBERS; members++) {
    const head = await file.read(at, HEAD_BYTES);
    if (isNewc(head)) return readPlain(file, at);
    if (!isGzip(head)) return;
    at = await skipZeros(file, await readMember(file, at));
  }
}

async function requireKnown(file: OpenedFile, at: number): Promise<void> {
  const head = await file.read(at, HEAD_BYTES);
  const begins = (magic: readonly number[]): boolean => magic.every((byte, index) => head[index] === byte);
  if (isNewc(head) || isGzip(head) || COMPRESSIONS.some(([, magic]) => begins(magic))) return;
  if (begins(LZ4_FRAME)) {
    const hint = "lz4 -l makes the one that it unpacks";
    throw problemOf(file, "it is LZ4 in a frame, which no kernel unpacks", hint);
  }
  const hint = "it is a cpio archive (find . | cpio -o -H newc), plain or compressed, as buildInitramfs() makes it";
  throw problemOf(file, "it is neither a cpio archive nor a compressed file", hint);
}

async function readPlain(file: OpenedFile, at: number): Promise<void> {
  const reader = new NewcReader(at);
  await explained(file, async () => {
    await pipeline(file.stream(at), sinkOf(reader));
    reader.end();
  });
}

/** @returns where it ends */
async function readMember(file: OpenedFile, at: number): Promise<number> {
  const reader = new NewcReader();
  return explained(file, async () => {
    const end = await unpackGzipMember((from, bytes) => file.read(from, bytes), at, sinkOf(reader));
    reader.end();
    return end;
  });
}

async function explained<T>(file: OpenedFile, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw problemOf(file, describeError(error).replace(/\.$/, ""), CUT);
  }
}

function sinkOf(reader: NewcReader): Writable {
  return new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      try {
        reader.push(chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
}

/** @returns where something else follows, or the end */
async function skipZeros(file: OpenedFile, start: number): Promise<number> {
  for (let at = start; at < file.bytes;) {
    const bytes = await file.read(at, ZEROS_BYTES);
    const found = bytes.findIndex((byte) => byte !== 0);
    if (found >= 0) return at + found;
    // A file that was cut meanwhile.
    if (bytes.length === 0) return file.bytes;
    at += bytes.length;
  }
  return file.bytes;
}
