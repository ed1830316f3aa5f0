/** Whether an initramfs is whole: a guest whose initramfs is cut panics for reasons that do not name it. */
import type { FileHandle } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { Writable } from "node:stream";
import { createGunzip } from "node:zlib";
import {
  isNewc,
  NEWC_END,
  NEWC_HEADER_BYTES,
  NEWC_MAX_NAME_BYTES,
  newcPadded,
  newcSizes,
} from "../../../base/files/cpio.js";

const GZIP_MAGIC = 0x8b1f;

/** Undefined when nothing is known to be wrong with it: of other compressions nothing is known. */
export async function initrdProblem(file: FileHandle): Promise<string | undefined> {
  const { size } = await file.stat();
  if (size === 0) return "it is empty";
  for (let at = 0; at < size;) {
    const head = await readAt(file, at, 6);
    if (head[0] === 0) {
      at = await skipZeros(file, at, size);
      continue;
    }
    if (isNewc(head)) {
      const archive = await walkArchive(file, at, size);
      if (archive.problem !== undefined) return archive.problem;
      at = archive.end;
      continue;
    }
    return head.length >= 2 && head.readUInt16LE(0) === GZIP_MAGIC ? gzipProblem(file, at) : undefined;
  }
  return undefined;
}

async function walkArchive(
  file: FileHandle,
  start: number,
  size: number,
): Promise<{ readonly end: number; readonly problem: string | undefined }> {
  let last = "its first file";
  for (let at = start; ;) {
    const header = await readAt(file, at, NEWC_HEADER_BYTES);
    const isWhole = header.length === NEWC_HEADER_BYTES && isNewc(header);
    if (!isWhole) return { end: at, problem: `its cpio archive ends after ${last}, without the entry that ends it` };
    const { fileBytes, nameBytes } = newcSizes(header);
    if (!Number.isInteger(fileBytes) || !(nameBytes <= NEWC_MAX_NAME_BYTES)) {
      return { end: at, problem: `its cpio archive is damaged after ${last}` };
    }
    const name = (await readAt(file, at + NEWC_HEADER_BYTES, nameBytes)).toString("utf8").split("\0", 1)[0] ?? "";
    const content = newcPadded(at + NEWC_HEADER_BYTES + nameBytes);
    at = newcPadded(content + fileBytes);
    if (name === NEWC_END) return { end: at, problem: undefined };
    if (content + fileBytes > size) return { end: at, problem: `it is cut within ${name}: ${size} bytes` };
    last = name;
  }
}

async function gzipProblem(file: FileHandle, start: number): Promise<string | undefined> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    await pipeline(file.createReadStream({ start, autoClose: false }), createGunzip(), nowhere);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code === "Z_BUF_ERROR"
      ? "it is cut: its gzip stream does not end"
      : `its gzip stream is damaged: ${message}`;
  }
}

/** Archives may follow each other, with zeros between them. */
async function skipZeros(file: FileHandle, start: number, size: number): Promise<number> {
  for (let at = start; at < size;) {
    const bytes = await readAt(file, at, 1 << 16);
    const found = bytes.findIndex((byte) => byte !== 0);
    if (found >= 0) return at + found;
    at += bytes.length;
  }
  return size;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
