/** Clears away what runs left behind that were ended with SIGKILL, or lost their machine. */
import { isAlive } from "../../process/identity.js";
import { isGone, sweepLives } from "../../process/life.js";
import { endMachine, forgetAdbOfEnded } from "./end-machine.js";
import { forgetClaim, forgetDevice, listDeviceNames, readRecord, sweepAside, type DeviceRecord } from "./records.js";

/**
 * Ends devices whose owner is gone, and removes their folders and adb connections. Those of another container or host are
 * left alone until they are known to be gone: nobody here could end them. Returns the names.
 */
export async function sweepDevices(cache: string): Promise<readonly string[]> {
  sweepLives();
  await sweepAside(cache);
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
    if (!(await forgetDevice(cache, record))) continue;
    await forgetAdbOfEnded(record.serial);
    swept.push(name);
  }
  return swept;
}

/** One whose machine is not there (yet, or while it is put back) lives as long as its owner. */
function isLeft({ owner, machine }: DeviceRecord): boolean {
  const machineGone = machine !== undefined && isGone(machine);
  return owner === null ? machine === undefined || machineGone : isGone(owner) || machineGone;
}
