/** QEMU with KVM as the virtual machine monitor. */
import { execFile } from "node:child_process";
import { closeSync, openSync, statSync } from "node:fs";
import type { FileHandle } from "node:fs/promises";
import { promisify } from "node:util";
import type { Vmm, VmmConfig, VmmEnd, VmmProcess } from "../contract.js";
import { inspectKernel } from "../kernel/inspect.js";
import { VmStartRefusal } from "../kernel/start-refusal.js";
import { startMonitor } from "../monitor-process.js";
import { rustExitStatus } from "../exit-status.js";
import { findMissing, type NeededFiles } from "../needed-files.js";
import { QemuMonitor } from "./monitor.js";
import { composeDisks } from "./composed-disks.js";
import { SHUTDOWN_EXIT_CODE } from "./devices.js";
import { buildQemuArgs, inheritedDisks, type TemplateMemory } from "./qemu-args.js";
import { QemuCopies } from "./templates/copies.js";
import type { RunningQemu } from "./templates/running.js";

const FIRMWARE_UNIT_BYTES = 64 << 10;
const MAX_FIRMWARE_BYTES = 16 << 20;
const VERSION_TIMEOUT_MS = 60_000;

/** Debian's small `qemu-system-x86_64-microvm` will not do as the program: it has neither vsock nor the exit port. */
export function qemuVmm(files: NeededFiles): Vmm<"qemu"> {
  const { program } = files;
  const copies = new QemuCopies((config, memory, stateFd) =>
    startQemu(files, config, memory, stateFd === undefined ? [] : [{ fd: stateFd }]),
  );
  const boot = async (config: VmmConfig): Promise<VmmProcess> => {
    await copies.dropPrepared();
    if (config.anyGuest === true) return startAnyGuest(files, config);
    await config.mayRun?.();
    return (await startQemu(files, config)).process;
  };
  let version: Promise<string> | undefined;
  return {
    name: "qemu",
    refusal: () => findMissing(files),
    helperPids: () => copies.pids(),
    dropPrepared: () => copies.dropPrepared(),
    version: () => (version ??= readVersion(program)),
    start: async (config) => {
      const { templateFolder, gdbPort, anyGuest } = config;
      // A debugger wants to see the kernel boot, and a guest that is not ours cannot be told that it is a copy.
      if (templateFolder === undefined || gdbPort !== undefined || anyGuest === true) return boot(config);
      try {
        return await copies.resume(config, templateFolder);
      } catch (error) {
        return { ...(await boot(config)), templateRefusal: String(error) };
      }
    },
  };
}

async function startAnyGuest(files: NeededFiles, config: VmmConfig): Promise<VmmProcess> {
  if (config.kernelPath !== undefined) checkPvhEntry(config.kernelPath);
  if (config.firmwarePath !== undefined) checkFirmwareSize(config.firmwarePath);
  const { disks, pieces, close } = await composeDisks(config);
  try {
    await config.mayRun?.();
    const { process } = await startQemu(files, { ...config, disks }, undefined, pieces);
    return process;
  } finally {
    // The process has descriptors of its own once it runs.
    await close();
  }
}

/** QEMU knows no other way into a kernel that is no bzImage. */
function checkPvhEntry(path: string): void {
  const fd = openSync(path, "r");
  try {
    const { format, hasPvhEntry } = inspectKernel(fd, path);
    if (format === "bzImage" || hasPvhEntry) return;
    const why =
      "QEMU enters a vmlinux by PVH only, and it has no such entry (CONFIG_PVH): give the bzImage, or use crosvm";
    throw new VmStartRefusal(`failed to load the kernel: ${why}`);
  } finally {
    closeSync(fd);
  }
}

/** It is mapped up to the end of 4 GiB, in pages of 64 KiB. */
function checkFirmwareSize(path: string): void {
  const { size } = statSync(path);
  if (size > 0 && size % FIRMWARE_UNIT_BYTES === 0 && size <= MAX_FIRMWARE_BYTES) return;
  const why = `it has ${size} bytes, and QEMU takes multiples of 64 KiB up to 16 MiB`;
  throw new VmStartRefusal(`failed to load the firmware: ${why}`);
}

async function startQemu(
  { program, launcher }: NeededFiles,
  config: VmmConfig,
  memory?: TemplateMemory,
  more: readonly Pick<FileHandle, "fd">[] = [],
): Promise<RunningQemu> {
  let monitor: QemuMonitor | undefined;
  const starting = startMonitor({
    program,
    launcher,
    args: buildQemuArgs(config, memory),
    disks: inheritedDisks(config, memory),
    describeEnd: describeQemuEnd,
    describeMessage: describeQemuMessage,
    openControl: (stream) => (monitor = new QemuMonitor(stream, () => describeGone(starting))),
    more,
  });
  const process = await starting;
  if (monitor === undefined) throw new Error("QEMU has no monitor");
  return { process, qmp: monitor.qmp, failurePort: process.failurePort };
}

async function describeGone(starting: Promise<VmmProcess>): Promise<Error> {
  const { ended } = await starting;
  return new Error(`QEMU ended (${(await ended).kind})`);
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
  const status = rustExitStatus(exitCode, signal);
  if (signal !== null) return { kind: "killed", status };
  if (told) return told;
  switch (exitCode) {
    case SHUTDOWN_EXIT_CODE:
      return { kind: "shutdown" };
    case 0:
      return { kind: "reboot" };
    case 1:
      return { kind: "start-failed" };
    default:
      return { kind: "unknown", status };
  }
}

/** What a message of QEMU says about its end, beyond the exit code. */
export function describeQemuMessage(message: string): VmmEnd | undefined {
  if (/^KVM internal error|^KVM: entry failed/m.test(message)) return { kind: "crash" };
  return undefined;
}
