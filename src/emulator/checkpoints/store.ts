/** Checkpoints that outlive a run: a folder each in the cache, named by a key of everything that shaped them. */
import { chmod, mkdir, readdir, readFile, rename, rm, stat, utimes } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import { PRIVATE_FILE, PRIVATE_FOLDER } from "../../base/cache/cache.js";
import { draftOf, sweepDrafts } from "../../process/drafts.js";
import type { EmulatedDevice } from "../devices/running-device.js";
import { identifySnapshot, removeSnapshot } from "../snapshot/identity.js";

export interface SavedCheckpoint {
  /** What `EmulatedDevice.restore` takes. */
  readonly folder: string;
  /** What its maker wrote down beside the device. */
  readonly note: string;
  /** Another process may make another one under the same key. */
  readonly identity: string;
}

const NOTE = "note.json";
const KEY = /^[0-9a-f]{8,64}$/;
/** One that nobody used for so long makes room. */
const KEEP_UNUSED_MS = 3 * 24 * 3_600_000;
/** Together they may take this much, and the oldest go first; those of the last minutes stay, for somebody may be at them. */
const MAX_BYTES = 4 * 2 ** 30;
const IN_USE_MS = 15 * 60_000;

export function checkpointsFolder(cache: string): string {
  return join(cache, "checkpoints");
}

/** Undefined when there is none. One that is found counts as used. */
export async function findCheckpoint(cache: string, key: string): Promise<SavedCheckpoint | undefined> {
  const folder = folderOf(cache, key);
  try {
    const note = await readFile(join(folder, NOTE), "utf8");
    const now = new Date();
    await utimes(folder, now, now);
    return { folder, note, identity: await identifySnapshot(folder) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Saves a device under a key. When another process did so meanwhile, its checkpoint is as good. */
export async function keepCheckpoint(
  cache: string,
  key: string,
  device: EmulatedDevice,
  note: string,
  signal?: AbortSignal,
): Promise<SavedCheckpoint> {
  const folder = folderOf(cache, key);
  await mkdir(checkpointsFolder(cache), { recursive: true, mode: PRIVATE_FOLDER });
  // A machine may be somebody who reads one of them (machine-user.ts), and an earlier version let all walk here.
  await chmod(checkpointsFolder(cache), PRIVATE_FOLDER);
  await pruneCheckpoints(cache);
  const draft = draftOf(folder);
  await rm(draft, { recursive: true, force: true });
  try {
    await saveNoted(device, draft, note, signal);
    const identity = await identifySnapshot(draft);
    await rename(draft, folder);
    return { folder, note, identity };
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    const code = (error as NodeJS.ErrnoException).code;
    const other = code === "ENOTEMPTY" || code === "EEXIST" ? await findCheckpoint(cache, key) : undefined;
    if (other === undefined) throw error;
    return other;
  }
}

/** Saves a device for as long as it lives. */
export async function holdCheckpoint(
  device: EmulatedDevice,
  note: string,
  signal?: AbortSignal,
): Promise<SavedCheckpoint> {
  const taken = (await readdir(device.folder)).filter((name) => name.startsWith("checkpoint-")).length;
  const folder = join(device.folder, `checkpoint-${taken + 1}`);
  await saveNoted(device, folder, note, signal);
  return { folder, note, identity: await identifySnapshot(folder) };
}

async function saveNoted(
  device: EmulatedDevice,
  folder: string,
  note: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  await device.save(folder, signal);
  await writeFileAtomic(join(folder, NOTE), note, { durable: false, mode: PRIVATE_FILE });
}

/** Removes one that cannot be used, and no other that lies in its place by now. */
export async function dropCheckpoint({ folder, identity }: SavedCheckpoint): Promise<void> {
  await removeSnapshot(folder, identity);
}

/** Removes what nobody used lately, the longest unused first, and what killed runs left half-made. */
export async function pruneCheckpoints(cache: string, nowMs = Date.now(), maxBytes = MAX_BYTES): Promise<void> {
  const folder = checkpointsFolder(cache);
  await sweepDrafts(folder);
  const names = await readdir(folder).catch(() => []);
  const measured = await Promise.all(names.filter((name) => KEY.test(name)).map((name) => measure(join(folder, name))));
  const all = measured.flatMap((one) => (one === undefined ? [] : [one]));
  let bytes = 0;
  for (const one of all.sort((a, b) => b.usedMs - a.usedMs)) {
    bytes += one.bytes;
    const unusedMs = nowMs - one.usedMs;
    if (unusedMs <= IN_USE_MS || (unusedMs <= KEEP_UNUSED_MS && bytes <= maxBytes)) continue;
    await rm(one.path, { recursive: true, force: true });
  }
}

interface Measured {
  readonly path: string;
  readonly usedMs: number;
  readonly bytes: number;
}

async function measure(path: string): Promise<Measured | undefined> {
  try {
    const { mtimeMs } = await stat(path);
    const files = await Promise.all((await readdir(path)).map((name) => stat(join(path, name))));
    return { path, usedMs: mtimeMs, bytes: files.reduce((sum, { blocks }) => sum + blocks * 512, 0) };
  } catch {
    // Another process removed it, or puts one in its place.
    return undefined;
  }
}

function folderOf(cache: string, key: string): string {
  if (!KEY.test(key)) throw new Error(`not the key of a checkpoint: ${key}`);
  return join(checkpointsFolder(cache), key);
}
