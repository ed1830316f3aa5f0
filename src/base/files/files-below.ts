/**
 * Files of a folder and of those in it, without following links. Node's `readdir` with `recursive` follows links to folders (with
 * `withFileTypes` since Node 22): without an end to wait for where two of them form loops, and out of the folder.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";

/** Paths relative to the folder, in no order. @throws what readdir throws, such as for a folder that is not there */
export function filesBelow(folder: string): string[] {
  return below(folder, "", ({ isFolder }) => !isFolder);
}

/** The same of the folders in it. */
export function foldersBelow(folder: string): string[] {
  return below(folder, "", ({ isFolder }) => isFolder);
}

function below(root: string, folder: string, wanted: (entry: { readonly isFolder: boolean }) => boolean): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    const isFolder = entry.isDirectory();
    const own = (isFolder || entry.isFile()) && wanted({ isFolder }) ? [path] : [];
    return isFolder ? [...own, ...below(root, path, wanted)] : own;
  });
}
