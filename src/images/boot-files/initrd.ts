/**
 * Looks at a file that is to be an initramfs: an archive of cpio's newc form, several of them, or compressed ones, as the
 * kernel's buffer format has it.
 */
import { Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { openFile, problemOf, type OpenedFile } from "./open-file.js";
import { describeError } from "../../base/errors.js";
import { isNewc } from "../../base/files/cpio.js";
import { NewcReader } from "./newc-reader.js";

/** By their first bytes (lib/decompress.c of the kernel); all but gzip are unpacked by the guest only. */
const COMPRESSIONS: readonly (readonly [name: string, magic: readonly number[]])[] = [
  ["gzip", [0x1f, 0x8b]],
  ["bzip2", [0x42, 0x5a]],
  ["LZMA", [0x5d, 0x00]],
  ["xz", [0xfd, 0x37, 0x7a]],
  ["LZO", [0x89, 0x4c, 0x5a]],
  ["LZ4", [0x02, 0x21]],
  ["LZ4", [0x04, 0x22]],
  ["zstd", [0x28, 0xb5, 0x2f, 0xfd]],
];
const CUT = "the file is cut off or damaged: copy or make it again";

/**
 * An archive that is not compressed, or by gzip, is read to its end; of the rest only the kind is looked at.
 * @throws UsageError naming file and reason
 */
export async function lookAtInitrd(source: string | Uint8Array): Promise<void> {
  await using file = await openFile(source, "an initramfs");
  const head = await file.read(0, 6);
  if (isNewc(head)) return readThrough(file, false);
  const compression = COMPRESSIONS.find(([, magic]) => magic.every((byte, at) => head[at] === byte))?.[0];
  if (compression === undefined) {
    const hint = "it is a cpio archive (find . | cpio -o -H newc), plain or compressed, as buildInitramfs() makes it";
    throw problemOf(file, "it is neither a cpio archive nor a compressed file", hint);
  }
  if (compression === "gzip") await readThrough(file, true);
}

async function readThrough(file: OpenedFile, isPacked: boolean): Promise<void> {
  const reader = new NewcReader();
  const sink = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      try {
        reader.push(chunk);
        done();
      } catch (error) {
        done(error as Error);
      }
    },
  });
  try {
    const source = file.stream();
    await (isPacked ? pipeline(source, createGunzip(), sink) : pipeline(source, sink));
    reader.end();
  } catch (error) {
    throw problemOf(file, describeError(error).replace(/\.$/, ""), CUT);
  }
}
