/** QEMU with KVM as the virtual machine monitor. */
import { spawn } from "node:child_process";
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import type { Duplex, Readable } from "node:stream";
import type { Vmm, VmmConfig, VmmEnd, VmmProcess } from "../contract.js";
import { buildQemuArgs, QEMU_FDS, SHUTDOWN_EXIT_CODE } from "./qemu-args.js";

export interface QemuOptions {
  /** Debian's small `qemu-system-x86_64-microvm` will not do: it has neither vsock nor the exit port. */
  readonly program: string;
  readonly neededDevices: readonly string[];
}

export function qemuVmm({ program, neededDevices }: QemuOptions): Vmm {
  return {
    name: "qemu",
    refusal: async () => {
      if (!(await isThere(program, constants.X_OK))) return `${program} is missing`;
      for (const device of neededDevices) {
        if (!(await isThere(device, constants.R_OK | constants.W_OK))) return `${device} is missing`;
      }
      return undefined;
    },
    start: (config) => startQemu(program, config),
  };
}

async function startQemu(program: string, config: VmmConfig): Promise<VmmProcess> {
  const args = buildQemuArgs(config);
  const child = spawn(program, args, {
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe", "pipe", "pipe", ...config.disks.map(({ file }) => file.fd)],
    // A group of its own: signals meant for the service must not reach a VM.
    detached: true,
  });
  const messages = child.stdio[2] as Readable;
  // Sockets both ways; Node's types know of five descriptors only.
  const [ttyS0, failure, hvc0, log] = child.stdio.slice(QEMU_FDS.ttyS0) as unknown as readonly [
    Duplex,
    Duplex,
    Duplex,
    Duplex,
  ];
  let said: VmmEnd | undefined;
  messages.on("data", (chunk: Buffer) => {
    said ??= describeQemuMessage(chunk.toString());
    // QEMU would wait for a debugger then, with a virtual CPU that can never go on.
    if (said?.kind === "crash") child.kill("SIGKILL");
  });
  const ended = new Promise<VmmEnd>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve(said ?? describeQemuEnd(exitCode, signal)));
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return {
    pid: child.pid ?? 0,
    argv: [program, ...args],
    streams: { ttyS0, failure, hvc0, log, messages },
    ended,
    kill: () => void child.kill("SIGKILL"),
  };
}

/** With `-no-reboot`, QEMU ends with 0 when the guest resets itself; our guest powers off through the exit port. */
export function describeQemuEnd(exitCode: number | null, signal: string | null): VmmEnd {
  if (signal !== null) return { kind: "killed" };
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
  // It catches the signal and exits with 0.
  if (/terminating on signal \d+/.test(message)) return { kind: "killed" };
  return undefined;
}

async function isThere(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
