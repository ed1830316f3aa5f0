/** What QEMU said before it ended, as an error: its log, the device's serial console, and where both are kept. */
import { copyFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describeError, InfrastructureError, type HarnessError } from "../../base/errors.js";
import { lastLines } from "../../process/run.js";
import { noSpace } from "../needs/space.js";

export const SERIAL_LOG = "serial.log";
export const QEMU_LOG = "qemu.log";

interface Logs {
  /** Holds them, and goes with the device. */
  readonly folder: string;
  /** Where they are kept; one machine's take the place of the ones before. */
  readonly keptIn: string;
}

/** A machine that ended by itself, or did not start. */
interface EarlyEnd extends Logs {
  /** E.g. `exit code 1`, `SIGABRT`. */
  readonly how: string;
  readonly startFailure: Error | undefined;
}

/** Codes: `PORT_BUSY`, `NO_SPACE`, `KVM_UNAVAILABLE`, `DEVICE_ENDED`. */
export function explainEarlyEnd({ folder, keptIn, how, startFailure }: EarlyEnd): InfrastructureError {
  const { said, serial } = readLogs(folder);
  const text = said.join("\n");
  if (/Could not set up host forwarding rule/.test(text)) {
    return new InfrastructureError("PORT_BUSY", "The emulated device's adb port is taken by another program.", {
      hint: "choose another with --port, or leave it out to get a free one",
      lastLines: said,
    });
  }
  // Its memory is a file, which the kernel could not make longer.
  if (how === "SIGBUS") {
    const what = `The memory of the emulated device's QEMU found no disk space in ${folder} (SIGBUS).`;
    return noSpace(what, undefined, withOrigin(said, serial));
  }
  const details = keepLogs(folder, keptIn);
  if (/Could not access KVM kernel module|failed to initialize kvm/i.test(text)) {
    return new InfrastructureError("KVM_UNAVAILABLE", "QEMU could not use /dev/kvm of this host.", {
      details,
      hint: "see whether it is there and may be opened: npx avf doctor; AVF_ACCEL=tcg does without it",
      lastLines: said,
    });
  }
  return new InfrastructureError("DEVICE_ENDED", `The emulated device's QEMU ended by itself (${how}).`, {
    cause: startFailure,
    details: [...(startFailure ? [describeError(startFailure)] : []), ...details],
    lastLines: withOrigin(said, serial),
  });
}

/** A machine that still runs although a wait for it timed out. Code, first sentence and hint stay. */
export function explainSilence(error: HarnessError, { folder, keptIn }: Logs): InfrastructureError {
  const { said, serial } = readLogs(folder);
  return new InfrastructureError(error.code, error.shortMessage, {
    cause: error,
    details: [...(serial.length === 0 ? ["Its serial console is empty."] : []), ...keepLogs(folder, keptIn)],
    hint: error.hint,
    lastLines: withOrigin(said, serial),
  });
}

function readLogs(folder: string): { readonly said: readonly string[]; readonly serial: readonly string[] } {
  const said = readTail(join(folder, QEMU_LOG)).filter(
    (line) => !line.includes("TCG doesn't support requested feature"),
  );
  return { said, serial: readTail(join(folder, SERIAL_LOG)) };
}

function withOrigin(said: readonly string[], serial: readonly string[]): readonly string[] {
  return [...said.map((line) => `qemu: ${line}`), ...serial.map((line) => `serial: ${line}`)];
}

function keepLogs(folder: string, keptIn: string): readonly string[] {
  try {
    mkdirSync(keptIn, { recursive: true, mode: 0o700 });
    for (const name of [QEMU_LOG, SERIAL_LOG]) {
      try {
        copyFileSync(join(folder, name), join(keptIn, name));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
      }
    }
    return [`Its logs are in ${keptIn}.`];
  } catch (error) {
    return [`Its logs could not be kept: ${describeError(error)}`];
  }
}

function readTail(path: string): readonly string[] {
  try {
    return lastLines(readFileSync(path, "utf8"), 10);
  } catch {
    return [];
  }
}
