/** Clears away what runs left behind that were ended with SIGKILL, or lost their machine. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { identify, isAlive } from "../../process/identity.js";
import { endMachine, forgetAdb } from "./end-machine.js";
import { devicesFolder, dropClaim, forgetDevice, listDeviceNames, readRecord, sweepAside } from "./records.js";

/** A device folder without a record is somebody's first moment, unless it is older than this. */
const CLAIM_GRACE_MS = 60_000;

/** Ends devices whose owner is gone, and removes their folders and adb connections. Returns the names. */
export async function sweepDevices(cache: string): Promise<readonly string[]> {
  await sweepAside(cache);
  const swept: string[] = [];
  for (const name of await listDeviceNames(cache)) {
    const record = await readRecord(cache, name);
    if (record === undefined) {
      const age = Date.now() - (await modified(join(devicesFolder(cache), name)));
      if (age < CLAIM_GRACE_MS) continue;
      await dropClaim(cache, name);
    } else {
      const running = record.machine !== undefined && isAlive(record.machine);
      const owned = record.owner === null ? running : isAlive(record.owner);
      if (owned && (running || record.machine === undefined)) continue;
      if (record.machine) await endMachine(record.machine);
      if (!(await forgetDevice(cache, record))) continue;
      await forgetAdb(record.serial);
    }
    swept.push(name);
  }
  return swept;
}

/** Removes drafts of images and snapshots whose maker is gone: `<name>.<pid>.tmp`. */
export async function sweepDrafts(folder: string): Promise<void> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch {
    return;
  }
  for (const name of names) {
    const pid = /\.(\d+)\.tmp$/.exec(name)?.[1];
    if (pid !== undefined && (identify(Number(pid)) === undefined || Number(pid) === process.pid)) {
      await rm(join(folder, name), { recursive: true, force: true });
    }
  }
}

async function modified(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return Date.now();
  }
}
