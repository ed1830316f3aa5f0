/**
 * Commands on the device that live as long as we stay attached to them. Each has an adb program of its own: it keeps three
 * streams with a back-pressure each, and is a process that whoever cleans up after us finds and ends.
 */
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { spawnOwned, type OwnedProcess } from "../../../process/owned-process.js";
import type { DeviceProcess } from "../../contract.js";
import type { AdbConnection } from "../server/connection.js";
import { escapeCommand } from "./escape-arg.js";

type Attachable = Pick<AdbConnection, "adb" | "assertStillThere">;

/**
 * Starts the command. When we detach, adbd sends SIGHUP to the one process it started, therefore the shell there gives
 * its place to the program (`exec`).
 */
export function attachCommand(connection: Attachable, argv: readonly string[]): DeviceProcess {
  const owned = spawnOwned(connection.adb("shell", "-T", "--", `exec ${escapeCommand(argv)}`), {
    stdio: ["pipe", "pipe", "pipe"],
  });
  const stdin = owned.child.stdin as Writable;
  // The command may end before it read everything; that shows in its exit code, not as an exception here.
  stdin.on("error", () => undefined);
  return {
    argv,
    stdin,
    stdout: owned.child.stdout as Readable,
    stderr: owned.child.stderr as Readable,
    ended: endOnDevice(connection, owned),
    stop: async () => {
      await owned.stop();
    },
  };
}

async function endOnDevice(connection: Attachable, owned: OwnedProcess): Promise<{ exitCode: number | undefined }> {
  const { exitCode, startFailure } = await owned.ended;
  if (exitCode === null || startFailure) return { exitCode: undefined };
  try {
    await connection.assertStillThere();
    return { exitCode };
  } catch {
    return { exitCode: undefined };
  }
}

/** Settles when both outputs were read to their end. */
export async function outputsEnded(process: DeviceProcess): Promise<void> {
  const open = [process.stdout, process.stderr].filter((stream) => !stream.closed);
  await Promise.all(open.map((stream) => once(stream, "close").catch(() => undefined)));
}
