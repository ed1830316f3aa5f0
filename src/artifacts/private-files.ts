/** Files of a run are for the user alone: consoles, logs and memory of a VM may hold what is nobody else's business. */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { makeFolder } from "../base/files/make-folder.js";

export const PRIVATE_FILE = 0o600;
export const PRIVATE_FOLDER = 0o700;

/** With its parents. One that is there stays as it is. */
export function makePrivateFolder(path: string): void {
  makeFolder(path, PRIVATE_FOLDER);
}

/** A new folder of that name or, where somebody has it already, of the first free of `name-2`, `name-3`… */
export async function claimFolder(path: string): Promise<string> {
  makePrivateFolder(dirname(path));
  for (let number = 1; ; number++) {
    const folder = number === 1 ? path : `${path}-${number}`;
    try {
      await mkdir(folder, { mode: PRIVATE_FOLDER });
      return folder;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}
