/** What is written down about running emulated devices: a folder each, so that any process can list and end them. */
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeFileAtomic } from "../../base/atomic-file.js";
import { UsageError } from "../../base/errors.js";
import { isAlive, type ProcessIdentity } from "../../process/identity.js";

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
const NAME = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,40}$/;

export function devicesFolder(cache: string): string {
  return join(cache, "devices");
}

/** Claims a name by creating its folder. Undefined when the name is taken. */
export async function claimDeviceFolder(cache: string, name: string): Promise<string | undefined> {
  if (!NAME.test(name)) {
    throw new UsageError("BAD_DEVICE_NAME", `"${name}" cannot name a device: letters, digits, "-", "_" and "." only.`);
  }
  await mkdir(devicesFolder(cache), { recursive: true });
  const folder = join(devicesFolder(cache), name);
  try {
    await mkdir(folder);
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
  try {
    return JSON.parse(await readFile(join(devicesFolder(cache), name, RECORD), "utf8")) as DeviceRecord;
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

export async function forgetDevice(cache: string, name: string): Promise<void> {
  await rm(join(devicesFolder(cache), name), { recursive: true, force: true });
}
