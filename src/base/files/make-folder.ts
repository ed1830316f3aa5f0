/**
 * `mkdir -p` that ends: Node's own tries again for ever where a folder is there and the kernel answers ENOENT to whatever is
 * made in it, as in /proc.
 */
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

/** With its parents, which get the same mode. One that is there stays as it is. */
export function makeFolder(path: string, mode = 0o777): void {
  if (isFolder(path)) return;
  const parent = dirname(path);
  if (parent !== path) makeFolder(parent, mode);
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    // Another process was sooner.
    if (!isFolder(path)) throw error;
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}
