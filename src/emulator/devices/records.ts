/** What is written down about running emulated devices: a folder each, so that any process can list and end them. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic-file.js";
import { PRIVATE_FOLDER } from "../../base/cache/cache.js";
import { UsageError } from "../../base/errors.js";
import { identify, isAlive, type ProcessIdentity } from "../../process/identity.js";

export interface DeviceRecord {
  readonly name: string;
  /** Undefined until QEMU was started. */
  readonly machine: ProcessIdentity | undefined;
  /** The process that the device must not outlive; null for a detached one. While it starts: who starts it. */
  readonly owner: ProcessIdentity | null;
  readonly serial: string;
  readonly adbPort: number;
  readonly release: 13 | 15;
  readonly accelerator: string;
  /** Image and snapshot in use: not to be removed. */
  readonly imageKey: string;
  readonly startedAt: string;
}

const RECORD = "record.json";
/** Begins the name of a folder that is about to be removed; device names never begin so. */
const ASIDE = ".gone-";
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

/** Devices whose QEMU runs. */
export async function listRunning(cache: string): Promise<readonly DeviceRecord[]> {
  const records = await Promise.all((await listDeviceNames(cache)).map((name) => readRecord(cache, name)));
  return records.filter((record) => record?.machine !== undefined && isAlive(record.machine)) as DeviceRecord[];
}

/** Removes a folder that its owner has just claimed, or has not begun to use. */
export async function dropClaim(cache: string, name: string): Promise<void> {
  await rm(join(devicesFolder(cache), name), { recursive: true, force: true });
}

/**
 * Removes the folder of a device that is gone. The name may belong to another device by now, so the folder is taken aside
 * first and looked at there. Returns whether it was that device's.
 */
export async function forgetDevice(cache: string, seen: DeviceRecord): Promise<boolean> {
  const folder = join(devicesFolder(cache), seen.name);
  const aside = join(devicesFolder(cache), `${ASIDE}${process.pid}-${Math.random().toString(36).slice(2)}`);
  try {
    await rename(folder, aside);
  } catch {
    return false;
  }
  const found = await readRecordIn(aside);
  if (found !== undefined && found.startedAt === seen.startedAt && found.adbPort === seen.adbPort) {
    await rm(aside, { recursive: true, force: true });
    return true;
  }
  // Somebody else's: back to its place, which nobody can have taken but in this very moment.
  await rename(aside, folder).catch(() => undefined);
  return false;
}

/** Removes folders that a process took aside and died. */
export async function sweepAside(cache: string): Promise<void> {
  if (!existsSync(devicesFolder(cache))) return;
  for (const name of await readdir(devicesFolder(cache))) {
    const pid = name.startsWith(ASIDE) ? Number.parseInt(name.slice(ASIDE.length), 10) : undefined;
    if (pid === undefined || identify(pid) !== undefined) continue;
    await rm(join(devicesFolder(cache), name), { recursive: true, force: true });
  }
}
