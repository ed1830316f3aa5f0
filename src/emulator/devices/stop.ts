/** Ends emulated devices that another process started. */
import { UsageError } from "../../base/errors.js";
import { isAlive } from "../../process/identity.js";
import { endMachine, forgetAdbOfEnded } from "./end-machine.js";
import { forgetDevice, listRunning, readRecord } from "./records.js";

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
  await forgetDevice(cache, record);
  await forgetAdbOfEnded(record.serial);
}
