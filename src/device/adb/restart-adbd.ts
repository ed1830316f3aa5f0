/** `adb root` and `adb unroot`: adbd ends and comes back as somebody else, and the connection with it. */
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { withDeadline, type WaitOptions } from "../../base/deadline.js";
import { InfrastructureError } from "../../base/errors.js";
import { printableLine } from "../../base/printable.js";
import { run } from "../../process/run.js";
import { connectTcpDevice, disconnectTcpDevice } from "./connect.js";
import { isTcpSerial } from "./device-errors.js";
import { openService } from "./server/connect-socket.js";
import { AdbConnection } from "./server/connection.js";
import { trackDevice } from "./server/tracking.js";

/** It ends as soon as the host has what it said. */
const LEAVE_TIMEOUT_MS = 15_000;

/**
 * @param onRestart told before adbd ends, when it does
 * @returns the connection to the adbd that came back; the same when it stays
 * @throws InfrastructureError with adbd's words when it refuses
 */
export async function restartAdbd(
  connection: AdbConnection,
  asRoot: boolean,
  wait: WaitOptions,
  onRestart: () => Promise<void>,
): Promise<AdbConnection> {
  const { serial, server } = connection;
  const name = asRoot ? "root" : "unroot";
  const socket = await openService(connection, `${name}:`, `adb ${name} of ${serial}`, wait);
  const said = await withDeadline(`the answer to adb ${name} of ${serial}`, wait, () => text(socket)).finally(() =>
    socket.destroy(),
  );
  // What adb itself goes by.
  if (!said.includes("restarting")) {
    if (/already running as root|not running as root/.test(said)) return connection;
    throw refused(serial, name, said);
  }
  await onRestart();
  return withDeadline(`adbd of ${serial} to come back after adb ${name}`, wait, async (signal) => {
    await left(connection, signal);
    connection.tracking.close();
    if (isTcpSerial(serial)) {
      // adb would try again by itself, some seconds later.
      await disconnectTcpDevice(serial);
      await connectTcpDevice(serial, { timeoutMs: wait.timeoutMs, signal });
    } else await run(connection.adb("wait-for-device"), { timeoutMs: wait.timeoutMs, signal });
    return new AdbConnection(server, serial, await trackDevice(server, serial, { timeoutMs: wait.timeoutMs, signal }));
  });
}

async function left({ gone, serial }: AdbConnection, signal: AbortSignal): Promise<void> {
  if (gone.aborted) return;
  const what = `adbd of ${serial} to end`;
  await withDeadline(what, { timeoutMs: LEAVE_TIMEOUT_MS, signal }, (over) => once(gone, "abort", { signal: over }));
}

function refused(serial: string, name: string, said: string): InfrastructureError {
  const answer = said.trim() === "" ? "it said nothing" : `it said "${printableLine(said.trim())}"`;
  return new InfrastructureError("ADB_ROOT", `adb ${name} of ${serial} was refused: ${answer}.`, {
    hint: "only userdebug and eng builds have root: choose such a device with AVF_DEVICE_MATCH=ro.debuggable=1",
  });
}
