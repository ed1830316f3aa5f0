/**
 * Files of a folder and of those in it, without following links. Node's `readdir` with `recursive` follows links to folders (with
 * `withFileTypes` since Node 22): without an end to wait for where two of them form loops, and out of the folder.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";

interface Entry {
  /** Relative to the folder. */
  readonly path: string;
  readonly isFolder: boolean;
}

/** Paths relative to the folder, in no order. @throws what readdir throws, such as for a folder that is not there */
export function filesBelow(folder: string): string[] {
  return entriesBelow(folder).flatMap(({ path, isFolder }) => (isFolder ? [] : [path]));
}

/** Files and folders, in no order; neither links nor devices, pipes and sockets. */
export function entriesBelow(folder: string, within = ""): Entry[] {
  return readdirSync(join(folder, within), { withFileTypes: true }).flatMap((entry) => {
    const path = join(within, entry.name);
    if (entry.isDirectory()) return [{ path, isFolder: true }, ...entriesBelow(folder, path)];
    return entry.isFile() ? [{ path, isFolder: false }] : [];
  });
}
