/** Clears away what runs left behind that were ended with SIGKILL, or lost their machine. */
import { isAlive } from "../../process/identity.js";
import { isGone, sweepLives } from "../../process/life.js";
import { forgetWith, sweepNotes } from "./adb-connection.js";
import {
  devicesFolder,
  forgetClaim,
  forgetDevice,
  listDeviceNames,
  readRecord,
  sweepAside,
  type DeviceRecord,
} from "./records.js";
import { endMachine } from "./stop.js";

/**
 * Ends devices whose owner is gone, and removes their folders and adb connections. Those of another container or host are
 * left alone until they are known to be gone: nobody here could end them. Returns the names.
 */
export async function sweepDevices(cache: string): Promise<readonly string[]> {
  sweepLives();
  await sweepAside(cache);
  await sweepNotes(devicesFolder(cache));
  const swept: string[] = [];
  for (const name of await listDeviceNames(cache)) {
    const record = await readRecord(cache, name);
    if (record === undefined) {
      if (await forgetClaim(cache, name)) swept.push(name);
      continue;
    }
    if (!isLeft(record)) continue;
    // One that cannot be ended (it waits for a disk, or is another user's) keeps its folder, and keeps nobody from a start.
    if (record.machine && isAlive(record.machine)) await endMachine(record.machine).catch(() => undefined);
    if (record.machine && !isGone(record.machine)) continue;
    const isOurs = await forgetWith(devicesFolder(cache), record, () => forgetDevice(cache, record));
    if (isOurs) swept.push(name);
  }
  return swept;
}

/** One whose machine is not there (yet, or while it is put back) lives as long as its owner. */
function isLeft({ owner, machine }: DeviceRecord): boolean {
  const machineGone = machine !== undefined && isGone(machine);
  return owner === null ? machine === undefined || machineGone : isGone(owner) || machineGone;
}
