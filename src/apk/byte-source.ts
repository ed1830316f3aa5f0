/** Where bytes come from: memory, or a file that may be far larger than memory. */
import type { Stats } from "node:fs";
import { open, type FileHandle } from "node:fs/promises";
import { ApkError } from "./apk-error.js";

/** Takes bytes of a new file at an offset; pieces do not come in order. The bytes are reused after the promise. */
export interface ByteSink {
  write(offset: number, bytes: Uint8Array): void | Promise<void>;
}

export interface ByteSource {
  readonly size: number;
  /** Exactly `length` bytes, valid until the caller is done with them. Both numbers are within `size`. */
  read(offset: number, length: number): Promise<Uint8Array>;
}

/** A file kept open. Threads of this process may read the same descriptor. */
export interface FileSource extends ByteSource, AsyncDisposable {
  readonly fd: number;
  close(): Promise<void>;
}

export function bytesSource(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.byteLength,
    read: async (offset, length) => bytes.subarray(offset, offset + length),
  };
}

/** Pieces one after the other, as if they were joined. */
export function piecesSource(pieces: readonly Uint8Array[]): ByteSource {
  let size = 0;
  const placed = pieces.map((bytes) => {
    const start = size;
    size += bytes.byteLength;
    return { bytes, start, end: size };
  });
  const read = async (offset: number, length: number): Promise<Uint8Array> => {
    const touched = placed.filter(({ start, end }) => start < offset + length && offset < end);
    const parts = touched.map(({ bytes, start }) =>
      bytes.subarray(Math.max(0, offset - start), offset + length - start),
    );
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  };
  return { size, read };
}

/** The source owns the file: closing one closes the other. */
export async function openFileSource(path: string): Promise<FileSource> {
  const file = await open(path, "r");
  try {
    const stats = await file.stat();
    // The system would refuse the first read, in words that do not name it.
    if (stats.isDirectory()) throw new ApkError("NOT_A_ZIP", `${path} is a folder`);
    return sourceOf(file, stats);
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** The size is taken once: a file that shrinks while it is read is refused as truncated. */
export async function fileHandleSource(file: FileHandle): Promise<FileSource> {
  return sourceOf(file, await file.stat());
}

function sourceOf(file: FileHandle, { size }: Stats): FileSource {
  const close = () => file.close();
  return {
    fd: file.fd,
    size,
    read: (offset, length) => readFully(file, offset, length),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Reads a range that an untrusted length or offset names; refuses what is outside the file or above the limit. */
export async function readRange(
  source: ByteSource,
  offset: number,
  length: number,
  field: string,
  maxBytes = 64 * 1024 * 1024,
): Promise<Buffer> {
  if (!Number.isSafeInteger(offset) || offset < 0 || offset > source.size) {
    throw new ApkError("TRUNCATED", `${field} starts outside the file of ${source.size} bytes`, { offset, field });
  }
  if (!Number.isSafeInteger(length) || length < 0 || length > source.size - offset) {
    throw new ApkError("TRUNCATED", `${field} of ${length} bytes ends after the file of ${source.size} bytes`, {
      offset,
      field,
    });
  }
  if (length > maxBytes) {
    throw new ApkError("LIMIT_EXCEEDED", `${field} has ${length} bytes; at most ${maxBytes} are read`, {
      offset,
      field,
    });
  }
  const bytes = await source.read(offset, length);
  if (bytes.byteLength !== length) {
    throw new ApkError("TRUNCATED", `only ${bytes.byteLength} of ${length} bytes of ${field} could be read`, {
      offset,
      field,
    });
  }
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

async function readFully(file: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, offset + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return bytes.subarray(0, done);
}
