/** The end of a device's QEMU that is known by its record only, and of adb's memory of it. */
import { sleep, withDeadline } from "../../base/deadline.js";
import { disconnectTcpDevice } from "../../device/adb/connect.js";
import { isAlive, type ProcessIdentity } from "../../process/identity.js";

/** A killed process that still stands after this waits for a disk, or is somebody's zombie. */
const END_TIMEOUT_MS = 10_000;

/** Ends that very process at once; one that is gone already is fine. */
export async function endMachine(machine: ProcessIdentity): Promise<void> {
  if (!isAlive(machine)) return;
  try {
    process.kill(machine.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
  await withDeadline(`process ${machine.pid} (QEMU) to end`, { timeoutMs: END_TIMEOUT_MS }, async (signal) => {
    while (isAlive(machine)) await sleep(10, signal);
  });
}

/** Drops the connection from adb's list. An adb that is unwell must not keep a device from being ended. */
export async function forgetAdb(serial: string): Promise<void> {
  await disconnectTcpDevice(serial).catch(() => undefined);
}
