/** Whether commands get through to the device: asked of adb, never read from what a command printed. */
import { formatMs } from "../../../base/deadline.js";
import { InfrastructureError } from "../../../base/errors.js";
import { runUnchecked } from "../../../process/run.js";
import type { AdbConnection } from "./connection.js";
import { stateError, stateFromAdbOutput } from "../device-errors.js";

const PROBE_TIMEOUT_MS = 15_000;

/** @throws InfrastructureError when adb does not know the device as usable, or cannot run a command there */
export async function assertTransportWorks(
  connection: Pick<AdbConnection, "adb" | "serial" | "assertStillThere">,
): Promise<void> {
  await connection.assertStillThere();
  const probe = await runUnchecked(connection.adb("shell", "-T", "--", "exit 0"), { timeoutMs: PROBE_TIMEOUT_MS });
  if (probe.exitCode === 0 && !probe.timedOut) return;
  const { serial } = connection;
  if (probe.timedOut) {
    throw new InfrastructureError(
      "DEVICE_SILENT",
      `Device ${serial} ran no command for ${formatMs(PROBE_TIMEOUT_MS)}.`,
      {
        hint: `adb lists it, but nothing gets through: adb -s ${serial} reconnect`,
      },
    );
  }
  // The command does nothing but end with 0: what was said instead is adb's.
  throw stateError(serial, stateFromAdbOutput(probe.stderr) ?? "broken");
}
