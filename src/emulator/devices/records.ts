/** What is written down about running emulated devices: a folder each, so that any process can list and end them. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { AndroidRelease } from "../../base/android-release.js";
import { writeFileAtomic } from "../../base/files/atomic-file.js";
import { PRIVATE_FOLDER } from "../../base/cache/cache.js";
import { UsageError } from "../../base/errors.js";
import { takeFileLock } from "../../process/locks/file-lock.js";
import { isAlive, type ProcessIdentity } from "../../process/identity.js";
import { isGone } from "../../process/life.js";
import type { AdbConnection } from "./adb-connection.js";

export interface DeviceRecord extends AdbConnection {
  readonly name: string;
  /** Undefined until QEMU was started. */
  readonly machine: ProcessIdentity | undefined;
  /** The process that the device must not outlive; null for a detached one. While it starts: who starts it. */
  readonly owner: ProcessIdentity | null;
  readonly adbPort: number;
  readonly release: AndroidRelease;
  readonly accelerator: string;
  /** Image and snapshot in use: not to be removed. */
  readonly imageKey: string;
  readonly startedAt: string;
}

const RECORD = "record.json";
/** Begins the name of a folder that is about to be removed; device names never begin so. */
const ASIDE = ".gone-";
const ASIDE_NAME = /^\.gone-[0-9a-f]{16}$/;
/** A device folder without a record is somebody's first moment, unless it is older than this. */
const CLAIM_GRACE_MS = 60_000;
const LOCK_TIMEOUT_MS = 30_000;
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,40}$/;

export function devicesFolder(cache: string): string {
  return join(cache, "devices");
}

/** Claims a name by creating its folder. Undefined when the name is taken. */
export async function claimDeviceFolder(cache: string, name: string): Promise<string | undefined> {
  if (!NAME.test(name)) {
    throw new UsageError("BAD_DEVICE_NAME", `"${name}" cannot name a device: letters, digits, "-", "_" and "." only.`);
  }
  await mkdir(devicesFolder(cache), { recursive: true, mode: PRIVATE_FOLDER });
  const folder = join(devicesFolder(cache), name);
  try {
    await mkdir(folder, { mode: PRIVATE_FOLDER });
    return folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw error;
  }
}

export async function writeRecord(cache: string, record: DeviceRecord): Promise<void> {
  const path = join(devicesFolder(cache), record.name, RECORD);
  await writeFileAtomic(path, JSON.stringify(record, undefined, 2), { durable: false });
}

export async function readRecord(cache: string, name: string): Promise<DeviceRecord | undefined> {
  return readRecordIn(join(devicesFolder(cache), name));
}

async function readRecordIn(folder: string): Promise<DeviceRecord | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, RECORD), "utf8")) as DeviceRecord;
  } catch {
    return undefined;
  }
}

/** Names of all device folders, whether their device lives or not. */
export async function listDeviceNames(cache: string): Promise<readonly string[]> {
  const folder = devicesFolder(cache);
  if (!existsSync(folder)) return [];
  return (await readdir(folder)).filter((name) => NAME.test(name)).sort();
}

/** Devices whose QEMU runs, where we can see it. */
export async function listRunning(cache: string): Promise<readonly DeviceRecord[]> {
  const records = await Promise.all((await listDeviceNames(cache)).map((name) => readRecord(cache, name)));
  return records.filter((record) => record?.machine !== undefined && isAlive(record.machine)) as DeviceRecord[];
}

/** Keys of images of devices that run or may run, also in other containers that share the cache. */
export async function imagesInUse(cache: string): Promise<readonly string[]> {
  const records = await Promise.all((await listDeviceNames(cache)).map((name) => readRecord(cache, name)));
  return records.flatMap((record) => {
    if (record === undefined) return [];
    const { owner, machine, imageKey } = record;
    const lives = (machine !== undefined && !isGone(machine)) || (owner !== null && !isGone(owner));
    return lives ? [imageKey] : [];
  });
}

/** Removes a folder that its owner has just claimed and has written no record into; nobody else takes such a one away. */
export async function dropClaim(cache: string, name: string): Promise<void> {
  await rm(join(devicesFolder(cache), name), { recursive: true, force: true });
}

/**
 * Removes the folder of a device that is gone. The name may belong to another device by now: its folder is left alone.
 * Returns whether it was that device's.
 */
export async function forgetDevice(cache: string, seen: DeviceRecord): Promise<boolean> {
  return removeIf(cache, seen.name, (folder) => holds(folder, seen));
}

/**
 * Writes the record of a device whose machine may have ended, unless its folder was swept: the name may belong to another
 * device by now. Returns whether it was written.
 */
export async function updateRecord(cache: string, record: DeviceRecord): Promise<boolean> {
  return withFolders(cache, "writing a device's record", async () => {
    if (!(await holds(join(devicesFolder(cache), record.name), record))) return false;
    await writeRecord(cache, record);
    return true;
  });
}

async function holds(folder: string, { startedAt, adbPort }: DeviceRecord): Promise<boolean> {
  const found = await readRecordIn(folder);
  return found !== undefined && found.startedAt === startedAt && found.adbPort === adbPort;
}

/** Removes a folder without a record, unless it may be somebody's first moment. Returns whether it did. */
export async function forgetClaim(cache: string, name: string): Promise<boolean> {
  return removeIf(cache, name, async (folder) => {
    if ((await readRecordIn(folder)) !== undefined) return false;
    const made = await stat(folder).catch(() => undefined);
    return made !== undefined && Date.now() - made.mtimeMs > CLAIM_GRACE_MS;
  });
}

/**
 * Only who has the lock takes folders away, so that what is looked at is what is removed: as long as a folder is there,
 * nobody can claim its name. What was taken aside is nobody's any more.
 */
async function removeIf(cache: string, name: string, isOurs: (folder: string) => Promise<boolean>): Promise<boolean> {
  const folder = join(devicesFolder(cache), name);
  const aside = join(devicesFolder(cache), `${ASIDE}${randomBytes(8).toString("hex")}`);
  const removed = await withFolders(cache, "removing a device's folder", async () => {
    if (!(await isOurs(folder))) return false;
    await rename(folder, aside);
    return true;
  });
  if (removed) await rm(aside, { recursive: true, force: true });
  return removed;
}

async function withFolders<T>(cache: string, purpose: string, work: () => Promise<T>): Promise<T> {
  const lock = await takeFileLock(join(cache, "devices.lock"), { purpose, timeoutMs: LOCK_TIMEOUT_MS });
  try {
    return await work();
  } finally {
    lock.release();
  }
}

/** Removes folders that a process took aside and died. */
export async function sweepAside(cache: string): Promise<void> {
  if (!existsSync(devicesFolder(cache))) return;
  for (const name of await readdir(devicesFolder(cache))) {
    if (ASIDE_NAME.test(name)) await rm(join(devicesFolder(cache), name), { recursive: true, force: true });
  }
}
