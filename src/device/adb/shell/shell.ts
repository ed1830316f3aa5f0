/** Commands that run to their end, through the adb program: exit codes and separate streams (shell protocol v2). */
import { TimeoutError } from "../../../base/errors.js";
import { formatMs } from "../../../base/deadline.js";
import { runUnchecked, type CommandResult } from "../../../process/run.js";
import type { DeviceExecOptions } from "../../contract.js";
import type { AdbConnection } from "../server/connection.js";
import { callDevice, DEFAULT_CALL_TIMEOUT_MS } from "./call.js";
import { assertTransportWorks } from "../server/transport.js";
import { stateFromAdbOutput } from "../device-errors.js";
import { escapeCommand } from "./escape-arg.js";

/** What it takes of a connection to run commands. */
export type ShellConnection = Pick<AdbConnection, "adb" | "serial" | "gone" | "assertStillThere">;

/** The result names the command as it was given, not the adb command line around it. */
export async function runOnDevice(
  connection: ShellConnection,
  argv: readonly string[],
  options: DeviceExecOptions = {},
): Promise<CommandResult> {
  const adbArgv = connection.adb("shell", "-T", "--", escapeCommand(argv));
  const timeoutMs = options.timeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
  const what = `${argv[0] ?? ""} on ${connection.serial}`;
  const result = await callDevice(what, connection.gone, { ...options, timeoutMs: timeoutMs + 3_000 }, (signal) =>
    runUnchecked(adbArgv, { timeoutMs, signal, ...(options.input === undefined ? {} : { input: options.input }) }),
  );
  if (result.timedOut) {
    throw new TimeoutError(
      "TIMEOUT",
      `Timed out after ${formatMs(timeoutMs)} waiting for ${argv.join(" ")} on ${connection.serial}.`,
    );
  }
  await connection.assertStillThere();
  // Any command can print what adb prints when it does not reach the device: only adb can tell.
  const mayBeOfAdb = result.exitCode === 1 && result.stdout === "" && stateFromAdbOutput(result.stderr) !== undefined;
  if (mayBeOfAdb) await assertTransportWorks(connection);
  return { ...result, argv };
}
