/** Whether the emulator's files are whole enough for it to start. */
import { InfrastructureError } from "../../base/errors.js";
import { lastLines, runUnchecked } from "../../process/run.js";
import { emulatorCommand } from "../qemu/emulator.js";

/**
 * Returns what it says of its version.
 * @throws InfrastructureError with its last words
 */
export async function requireEmulator(imageFolder: string, signal?: AbortSignal): Promise<string> {
  const { exitCode, stdout, stderr } = await runUnchecked([...emulatorCommand(imageFolder), "--version"], {
    timeoutMs: 60_000,
    signal,
  });
  signal?.throwIfAborted();
  const version = /^QEMU emulator version (\S+)/m.exec(stdout)?.[1];
  if (exitCode === 0 && version !== undefined) return version;
  throw new InfrastructureError(
    "EMULATOR_BROKEN",
    `The emulator in ${imageFolder} does not start: ${reasonOf(stderr)}.`,
    {
      hint: "rebuild it: npx avf setup --renew image",
      lastLines: lastLines(stderr),
    },
  );
}

function reasonOf(stderr: string): string {
  return stderr.trim().split("\n").at(-1) || "it says nothing";
}
