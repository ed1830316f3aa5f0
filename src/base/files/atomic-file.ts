/** Files that are either whole or absent: written under a temporary name, flushed, renamed. */
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { entriesBelow } from "./files-below.js";
import { makeFolder } from "./make-folder.js";

export interface WriteOptions {
  readonly mode?: number;
  /** Of parent folders that are made. */
  readonly folderMode?: number;
  /** False for what means nothing after a power cut, such as a list of running processes: it saves a disk flush. */
  readonly durable?: boolean;
}

/** Creates missing parent folders. Leaves neither a half file nor the temporary one behind when it fails. */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  { mode = 0o644, folderMode = 0o777, durable = true }: WriteOptions = {},
): Promise<void> {
  makeFolder(dirname(path), folderMode);
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`;
  // A file of that name that is there already is somebody else's, and stays.
  const file = await open(temporary, "wx", mode);
  try {
    try {
      await file.writeFile(content);
      if (durable) await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/**
 * Gives a folder that was made under another name its own. What is in it is flushed first: after a power cut the name
 * must not lead to half of it.
 */
export async function publishFolder(draft: string, folder: string): Promise<void> {
  const pending = [...entriesBelow(draft).map(({ path }) => join(draft, path)), draft];
  const flushSome = async (): Promise<void> => {
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) await flush(path);
  };
  await Promise.all(Array.from({ length: FLUSHED_AT_ONCE }, flushSome));
  await rename(draft, folder);
  await flush(dirname(folder));
}

const FLUSHED_AT_ONCE = 16;

/** What may not be opened, or is of a kind that knows no flush, as folders of Windows, stays with the system's own pace. */
async function flush(path: string): Promise<void> {
  try {
    const file = await open(path, "r");
    await file.sync().finally(() => file.close());
  } catch (error) {
    if (!["EACCES", "EINVAL", "EISDIR", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
