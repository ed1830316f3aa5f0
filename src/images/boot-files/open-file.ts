/** A file of this host that is to go to a VM, opened to be looked at. */
import { open, stat } from "node:fs/promises";
import { UsageError } from "../../base/errors.js";

export interface OpenedFile extends AsyncDisposable {
  readonly path: string;
  /** What it is to be: `a kernel`. */
  readonly what: string;
  readonly bytes: number;
  /** Fewer where the file ends. */
  read(from: number, bytes: number): Promise<Buffer>;
}

/** @throws UsageError naming file and reason */
export async function openFile(path: string, what: string): Promise<OpenedFile> {
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
