/** Commands that run to their end, over adb's shell protocol v2: an exit code, and separate streams. */
import { describeError, InfrastructureError, isHarnessError } from "../../../base/errors.js";
import type { CommandResult } from "../../../process/run.js";
import type { DeviceExecOptions } from "../../contract.js";
import type { AdbConnection } from "../server/connection.js";
import { AdbRefusal } from "../server/smart-socket.js";
import { stateError, stateFromRefusal } from "../device-errors.js";
import { callDevice, DEFAULT_CALL_TIMEOUT_MS } from "./call.js";
import { escapeCommand } from "./escape-arg.js";
import { runOverShellProtocol, type ShellEnd } from "./shell-protocol.js";

/** What it takes of a connection to run commands. */
export type ShellConnection = Pick<AdbConnection, "open" | "adb" | "serial" | "gone" | "assertStillThere">;

/** @throws InfrastructureError when the command did not come to its end because device or connection did */
export async function runOnDevice(
  connection: ShellConnection,
  argv: readonly string[],
  options: DeviceExecOptions = {},
): Promise<CommandResult> {
  const { serial, gone } = connection;
  const startMs = performance.now();
  const timeoutMs = options.timeoutMs ?? DEFAULT_CALL_TIMEOUT_MS;
  const service = `shell,v2,raw:${escapeCommand(argv)}`;
  let end: ShellEnd;
  try {
    end = await callDevice(`${argv.join(" ")} on ${serial}`, gone, { ...options, timeoutMs }, async (signal) => {
      const socket = await connection.open(service, signal);
      // adbd hangs up on a command whose connection ends.
      signal.addEventListener("abort", () => socket.destroy());
      return runOverShellProtocol(socket, options.input);
    });
  } catch (error) {
    if (isHarnessError(error) || options.signal?.aborted === true) throw error;
    throw await explain(connection, error);
  }
  if (end.exitCode === undefined) {
    await connection.assertStillThere();
    throw stateError(serial, "broken");
  }
  return {
    ...{
      argv,
      exitCode: end.exitCode,
      stdout: end.stdout,
      stderr: end.stderr,
      durationMs: performance.now() - startMs,
    },
    ...{ signal: undefined, timedOut: false, canceled: false, startFailure: undefined },
  };
}

async function explain(connection: ShellConnection, error: unknown): Promise<Error> {
  const state = error instanceof AdbRefusal ? stateFromRefusal(error.message) : undefined;
  if (state !== undefined) return stateError(connection.serial, state);
  await connection.assertStillThere();
  return new InfrastructureError(
    "ADB_CONNECTION",
    `The adb server runs no command on ${connection.serial}: ${describeError(error)}`,
    { cause: error, hint: `see whether it works by hand: adb -s ${connection.serial} shell true` },
  );
}
