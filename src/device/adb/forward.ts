/** Ports of this host that lead to the device. The adb server holds them, so they are written down for a later sweep. */
import { spawnSync } from "node:child_process";
import { InfrastructureError, UsageError } from "../../base/errors.js";
import { CommandFailedError, runUnchecked } from "../../process/run.js";
import type { DeviceCallOptions, PortForward } from "../contract.js";
import { callDevice } from "./call.js";
import type { AdbConnection } from "./connection.js";
import { stateError, stateFromAdbOutput } from "./device-errors.js";
import { forgetForward, recordForward } from "./forward-records.js";

const REMOTE = /^(tcp:\d{1,5}|vsock:\d{1,10}:\d{1,10}|local(abstract|reserved|filesystem):[^;\0\n]{1,200})$/;

/** Lets the adb server pick a free port, which no other process can take in between. */
export async function openForward(
  connection: AdbConnection,
  remote: string,
  options: DeviceCallOptions = {},
): Promise<PortForward> {
  if (!REMOTE.test(remote)) {
    throw new UsageError("FORWARD_REMOTE", `Cannot forward to ${JSON.stringify(remote)}.`, {
      hint: "use tcp:PORT or vsock:CID:PORT",
    });
  }
  const result = await callDevice(`a forward to ${remote}`, connection.gone, options, (signal) =>
    runUnchecked(connection.adb("forward", "tcp:0", remote), { signal }),
  );
  const hostPort = Number(/^\d+$/m.exec(result.stdout)?.[0]);
  if (result.exitCode !== 0 || !Number.isInteger(hostPort)) {
    const state = stateFromAdbOutput(result.stderr);
    if (state !== undefined) throw stateError(connection.serial, state);
    await connection.assertStillThere();
    if (result.exitCode !== 0) throw new CommandFailedError(result);
    throw new InfrastructureError("ADB_OUTPUT", `adb forward did not name its port: ${JSON.stringify(result.stdout)}`);
  }
  const removal = connection.adb("forward", "--remove", `tcp:${hostPort}`);
  const record = recordForward({ serial: connection.serial, serverPort: connection.server.port, hostPort, remote });
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    open.delete(removal);
    // With the device went its forwards, and the port may be somebody else's by now.
    if (!connection.gone.aborted) await removeForward(removal);
    forgetForward(record);
  };
  rememberUntilExit(removal);
  return { hostPort, remote, close: () => (closing ??= close()) };
}

/** A device that left in this moment took its forward along. */
async function removeForward(removal: readonly string[]): Promise<void> {
  const result = await runUnchecked(removal, { timeoutMs: 10_000 });
  if (result.exitCode === 0 || / not found$/m.test(result.stderr) || stateFromAdbOutput(result.stderr)) return;
  throw new CommandFailedError(result);
}

const open = new Set<readonly string[]>();
let exitHookInstalled = false;

function rememberUntilExit(removal: readonly string[]): void {
  open.add(removal);
  if (exitHookInstalled) return;
  exitHookInstalled = true;
  process.on("exit", () => {
    for (const [file = "", ...args] of open) spawnSync(file, args, { stdio: "ignore", timeout: 2_000 });
  });
}
