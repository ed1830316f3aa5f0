/** QEMU with KVM as the virtual machine monitor. */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { Vmm, VmmEnd } from "../contract.js";
import { startMonitor } from "../monitor-process.js";
import { findMissing, type NeededFiles } from "../needed-files.js";
import { QemuMonitor } from "./monitor.js";
import { buildQemuArgs, SHUTDOWN_EXIT_CODE } from "./qemu-args.js";

const VERSION_TIMEOUT_MS = 60_000;

/** Debian's small `qemu-system-x86_64-microvm` will not do as the program: it has neither vsock nor the exit port. */
export function qemuVmm(files: NeededFiles): Vmm {
  const { program } = files;
  let version: Promise<string> | undefined;
  return {
    name: "qemu",
    refusal: () => findMissing(files),
    version: () => (version ??= readVersion(program)),
    start: async (config) =>
      startMonitor({
        program,
        launcher: files.launcher,
        args: buildQemuArgs(config),
        disks: config.disks,
        describeEnd: describeQemuEnd,
        describeMessage: describeQemuMessage,
        openControl: (stream) => new QemuMonitor(stream),
      }),
  };
}

async function readVersion(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)(program, ["--version"], { timeout: VERSION_TIMEOUT_MS });
  return /version (\S+( \(.*\))?)/.exec(stdout)?.[1] ?? "of an unknown version";
}

/**
 * With `-no-reboot`, QEMU ends with 0 when the guest resets itself, and when it powers off; which it was, its monitor
 * tells. Our guest's init ends it through the exit port.
 */
export function describeQemuEnd(exitCode: number | null, signal: string | null, told?: VmmEnd): VmmEnd {
  if (signal !== null) return { kind: "killed" };
  if (told) return told;
  switch (exitCode) {
    case SHUTDOWN_EXIT_CODE:
      return { kind: "shutdown" };
    case 0:
      return { kind: "reboot" };
    case 1:
      return { kind: "start-failed" };
    default:
      return { kind: "unknown", status: `exit status: ${exitCode}` };
  }
}

/** What a message of QEMU tells about its end, beyond the exit code. */
export function describeQemuMessage(message: string): VmmEnd | undefined {
  if (/^KVM internal error|^KVM: entry failed/m.test(message)) return { kind: "crash" };
  return undefined;
}
