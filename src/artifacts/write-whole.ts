/** Writes a file so that it is either whole or absent, at once: for a process that is about to end. */
import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { makePrivateFolder, PRIVATE_FILE } from "./private-files.js";

const CHUNK_CHARACTERS = 1 << 18;

export function writeWhole(path: string, parts: Iterable<string>): void {
  makePrivateFolder(dirname(path));
  const temporary = `${path}.${process.pid}.tmp`;
  // Left by a process that had our id.
  rmSync(temporary, { force: true });
  try {
    const file = openSync(temporary, "wx", PRIVATE_FILE);
    try {
      let pending = "";
      for (const part of parts) {
        pending += part;
        if (pending.length < CHUNK_CHARACTERS) continue;
        writeFully(file, pending);
        pending = "";
      }
      writeFully(file, pending);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** A write may take less than all of it. */
function writeFully(file: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) rest = rest.subarray(writeSync(file, rest));
}
