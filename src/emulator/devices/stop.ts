/** Ends emulated devices that another process started. */
import { sleep, withDeadline } from "../../base/deadline.js";
import { UsageError } from "../../base/errors.js";
import { isAlive, type ProcessIdentity } from "../../process/identity.js";
import { forgetWith } from "./adb-connection.js";
import { devicesFolder, forgetDevice, listRunning, readRecord } from "./records.js";

/** A killed process that still stands after this waits for a disk, or is somebody's zombie. */
const END_TIMEOUT_MS = 10_000;

/** Ends one device by name and removes what is left of it. */
export async function stopEmulatedDevice(cache: string, name: string): Promise<void> {
  const record = await readRecord(cache, name);
  if (record?.machine === undefined || !isAlive(record.machine)) {
    const names = (await listRunning(cache)).map((running) => running.name);
    throw new UsageError("NO_SUCH_DEVICE", `No emulated device "${name}" runs.`, {
      hint: names.length > 0 ? `these do: ${names.join(", ")}` : "none does; npx avf device start makes one",
    });
  }
  await endMachine(record.machine);
  await forgetWith(devicesFolder(cache), record, () => forgetDevice(cache, record));
}

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
