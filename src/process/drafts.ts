/** Files and folders that are being made: named after their maker's life, so that what a dead one left half-made can be recognised. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { identify } from "./identity.js";
import { lifeHasEnded, self } from "./life.js";

const DRAFT = /\.(process-\d+-[0-9a-f]{16})\.tmp$/;
/** Of earlier versions, which knew only this place. */
const OLD_DRAFT = /\.(\d+)\.tmp$/;
/** Of makers that could have no life. */
const LIFELESS_DRAFT = /\.process-\d+\.tmp$/;
const LIFELESS_MS = 24 * 3_600_000;

/** Where to make what is to become `path`: nobody else makes anything there, or clears it away while we live. */
export function draftOf(path: string): string {
  return `${path}.${self().life ?? `process-${process.pid}`}.tmp`;
}

/** What a draft is to become; any other path as it is. */
export function targetOf(path: string): string {
  return [DRAFT, LIFELESS_DRAFT, OLD_DRAFT].reduce((left, pattern) => left.replace(pattern, ""), path);
}

/** Puts the file in place at once: a reader finds what was there before, or all of it. */
export function replaceFileSync(path: string, content: string, mode = 0o600): void {
  const draft = draftOf(path);
  const fd = openSync(draft, "wx", mode);
  try {
    try {
      writeFully(fd, Buffer.from(content));
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

/** A write may take less than all of it. */
function writeFully(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
}

/** Removes drafts in a folder whose makers are gone. */
export async function sweepDrafts(folder: string): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) {
    const path = join(folder, name);
    if (await isLeft(name, path)) await rm(path, { recursive: true, force: true });
  }
}

async function isLeft(name: string, path: string): Promise<boolean> {
  const life = DRAFT.exec(name)?.[1];
  if (life !== undefined) return lifeHasEnded(life);
  const pid = OLD_DRAFT.exec(name)?.[1];
  if (pid !== undefined ? identify(Number(pid)) !== undefined : !LIFELESS_DRAFT.test(name)) return false;
  // Its maker may live in another container, or on another host.
  return isOlder(path, LIFELESS_MS);
}

async function isOlder(path: string, ms: number): Promise<boolean> {
  try {
    return Date.now() - (await lstat(path)).mtimeMs > ms;
  } catch {
    return false;
  }
}
