/** Clears away what runs left behind that were ended with SIGKILL, or lost their machine. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { disconnectTcpDevice } from "../../device/adb/connect.js";
import { isAlive, identify } from "../../process/identity.js";
import { devicesFolder, forgetDevice, listDeviceNames, readRecord } from "./records.js";

/** A device folder without a record is somebody's first moment, unless it is older than this. */
const CLAIM_GRACE_MS = 60_000;

/** Ends devices whose owner is gone, and removes their folders and adb connections. Returns the names. */
export async function sweepDevices(cache: string): Promise<readonly string[]> {
  const swept: string[] = [];
  for (const name of await listDeviceNames(cache)) {
    const record = await readRecord(cache, name);
    if (record === undefined) {
      const age = Date.now() - (await modified(join(devicesFolder(cache), name)));
      if (age < CLAIM_GRACE_MS) continue;
    } else {
      const running = record.machine !== undefined && isAlive(record.machine);
      const owned = record.owner === null ? running : isAlive(record.owner);
      if (owned && (running || record.machine === undefined)) continue;
      if (running && record.machine) process.kill(record.machine.pid, "SIGKILL");
      await disconnectTcpDevice(record.serial);
    }
    await forgetDevice(cache, name);
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
    return 0;
  }
}
