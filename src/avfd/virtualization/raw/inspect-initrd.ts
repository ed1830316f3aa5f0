/** Whether an initramfs is whole: a guest whose initramfs is cut panics for reasons that do not name it. */
import type { FileHandle } from "node:fs/promises";
import { Writable } from "node:stream";
import {
  isNewc,
  NEWC_END,
  NEWC_HEADER_BYTES,
  NEWC_MAX_NAME_BYTES,
  newcPadded,
  newcSizes,
} from "../../../base/files/cpio.js";
import { isGzip, unpackGzipMember } from "../../../base/files/gzip-member.js";

/** The report of a VM's end waits for it, and a small file may unpack to a very large one. */
const LOOK_TIMEOUT_MS = 30_000;

/** Undefined when nothing is known to be wrong with it: of other compressions nothing is known, nor when time is up. */
export async function initrdProblem(
  file: FileHandle,
  signal = AbortSignal.timeout(LOOK_TIMEOUT_MS),
): Promise<string | undefined> {
  try {
    return await findProblem(file, signal);
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

async function findProblem(file: FileHandle, signal: AbortSignal): Promise<string | undefined> {
  const { size } = await file.stat();
  if (size === 0) return "it is empty";
  for (let at = 0; at < size;) {
    signal.throwIfAborted();
    const head = await readAt(file, at, 6);
    if (head[0] === 0) {
      at = await skipZeros(file, at, size);
      continue;
    }
    if (isNewc(head)) {
      const archive = await walkArchive(file, at, size, signal);
      if (archive.problem !== undefined) return archive.problem;
      at = archive.end;
      continue;
    }
    if (!isGzip(head)) return undefined;
    const member = await unpackMember(file, at, signal);
    if (member.problem !== undefined) return member.problem;
    at = member.end;
  }
  return undefined;
}

interface Part {
  readonly end: number;
  readonly problem: string | undefined;
}

async function walkArchive(file: FileHandle, start: number, size: number, signal: AbortSignal): Promise<Part> {
  let last = "its first file";
  for (let at = start; ;) {
    signal.throwIfAborted();
    let header = await readAt(file, at, NEWC_HEADER_BYTES);
    if (header[0] === 0) {
      at = await skipZeros(file, at, size);
      header = await readAt(file, at, NEWC_HEADER_BYTES);
    }
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

async function unpackMember(file: FileHandle, start: number, signal: AbortSignal): Promise<Part> {
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    const end = await unpackGzipMember((from, bytes) => readAt(file, from, bytes), start, nowhere, signal);
    return { end, problem: undefined };
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    const damage = `its gzip stream is damaged: ${message}`;
    return { end: start, problem: code === "Z_BUF_ERROR" ? "it is cut: its gzip stream does not end" : damage };
  }
}

/** They may stand between archives, and behind each entry of one. */
async function skipZeros(file: FileHandle, start: number, size: number): Promise<number> {
  for (let at = start; at < size;) {
    const bytes = await readAt(file, at, 1 << 16);
    const found = bytes.findIndex((byte) => byte !== 0);
    if (found >= 0) return at + found;
    // A file that was cut meanwhile.
    if (bytes.length === 0) return size;
    at += bytes.length;
  }
  return size;
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await file.read(buffer, 0, length, position);
  return buffer.subarray(0, bytesRead);
}
