/** Files that are either whole or absent: written under a temporary name, flushed, renamed. */
import { mkdir, open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";

export interface WriteOptions {
  readonly mode?: number;
  /** False for what means nothing after a power cut, such as a list of running processes: it saves a disk flush. */
  readonly durable?: boolean;
}

/** Creates missing parent folders. Leaves neither a half file nor the temporary one behind when it fails. */
export async function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  { mode = 0o644, durable = true }: WriteOptions = {},
): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`;
  try {
    const file = await open(temporary, "wx", mode);
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
