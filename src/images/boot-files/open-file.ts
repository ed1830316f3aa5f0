/** A file of this host that is to go to a VM, or the bytes of one, opened to be looked at. */
import { createReadStream } from "node:fs";
import { open, stat } from "node:fs/promises";
import { Readable } from "node:stream";
import { UsageError } from "../../base/errors.js";

export interface OpenedFile extends AsyncDisposable {
  /** What stands for it in messages, where it is bytes. */
  readonly path: string;
  /** What it is to be: `a kernel`. */
  readonly what: string;
  readonly bytes: number;
  /** Fewer where the file ends. */
  read(from: number, bytes: number): Promise<Buffer>;
  /** All of it, or from a place on. */
  stream(from?: number): Readable;
}

/**
 * @param source its path, or its bytes
 * @throws UsageError naming file and reason
 */
export async function openFile(source: string | Uint8Array, what: string): Promise<OpenedFile> {
  return typeof source === "string" ? openPath(source, what) : openBytes(source, what);
}

function openBytes(source: Uint8Array, what: string): OpenedFile {
  const path = `What is given as bytes (${source.length})`;
  if (source.length === 0) throw problemOf({ path, what }, "it is empty");
  const bytes = Buffer.from(source.buffer, source.byteOffset, source.length);
  return {
    ...{ path, what, bytes: bytes.length },
    read: async (from, count) => bytes.subarray(from, from + count),
    stream: (from = 0) => Readable.from([bytes.subarray(from)]),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

async function openPath(path: string, what: string): Promise<OpenedFile> {
  const refuse = (reason: string, hint?: string): UsageError => problemOf({ path, what }, reason, hint);
  if (path.includes("\0")) throw refuse("its path has a zero byte");
  const found = await stat(path).catch((error: unknown) => {
    throw refuse(codeOf(error) === "ENOENT" ? "there is no such file" : `it cannot be read (${codeOf(error)})`);
  });
  if (found.isDirectory()) throw refuse("it is a folder");
  // A pipe or a device has no content that could be looked at before it is pushed.
  if (!found.isFile()) throw refuse("it is no regular file", "copy its content into a file");
  if (found.size === 0) throw refuse("it is empty");
  const handle = await open(path, "r").catch((error: unknown) => {
    throw refuse(`it cannot be read (${codeOf(error)})`);
  });
  return {
    ...{ path, what, bytes: found.size },
    read: async (from, bytes) => {
      const buffer = Buffer.alloc(Math.max(0, Math.min(bytes, found.size - from)));
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, from);
      return buffer.subarray(0, bytesRead);
    },
    stream: (from = 0) => createReadStream(path, { start: from }),
    [Symbol.asyncDispose]: () => handle.close(),
  };
}

export function problemOf(
  { path, what }: Pick<OpenedFile, "path" | "what">,
  reason: string,
  hint?: string,
): UsageError {
  return new UsageError("BAD_IMAGE_FILE", `${path} cannot be ${what}: ${reason}.`, { hint });
}

function codeOf(error: unknown): string {
  return typeof error === "object" && error !== null && "code" in error ? String(error.code) : String(error);
}
