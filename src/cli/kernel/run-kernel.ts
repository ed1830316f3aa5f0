/** `avf run --kernel`: a VM of its own kernel, console on stdout, exit code by how it ended, or that of a command in it. */
import { eitherSignal } from "../../base/async/shared-signal.js";
import { UsageError } from "../../base/errors.js";
import { printableLine } from "../../base/printable.js";
import { lookAtDisk, lookAtKernel } from "../../images/index.js";
import type { VirtualMachine } from "../../virtualmachine/index.js";
import { guestOutput } from "../vm/guest-output.js";
import { onInterrupt } from "../interrupt.js";
import { showProgress } from "../progress.js";
import { bootArchive } from "./boot-archive.js";
import { parseDisks, pullDisks } from "./disks.js";
import { execOutput, type ExecOutput } from "./exec-output.js";
import { rootDisk, type RootDisk } from "./root-disk.js";
import { openShell, programsOfImage } from "./open-shell.js";

export interface KernelOptions {
  readonly kernel: string;
  readonly initrd: string | undefined;
  readonly params: string | undefined;
  readonly disks: readonly string[];
  readonly rootfs: string | undefined;
  readonly rootfsAsDisk: boolean;
  readonly modules: readonly string[];
  readonly command: string | undefined;
  readonly name: string;
  readonly memoryMib: number | undefined;
  readonly cpus: number;
  readonly raw: boolean;
}

/** The VM ended, and not as it should: a panic, a reset, or no exit code of the command. */
const FAILED = 1;
const DEFAULT_MIB = 256;
/** Their names in the archive begin with three digits. */
const MAX_MODULES = 1000;
/** The longest a timer can take: 24 days. */
const FOR_EVER_MS = 2 ** 31 - 1;
/** For a kernel that cannot power off. */
const POWER_OFF_MS = 10_000;

export async function runKernel(options: KernelOptions): Promise<number> {
  const { kernel, initrd, rootfs, rootfsAsDisk: rootIsDisk, modules, command, name } = options;
  checkOptions(options);
  // All errors in files are reported before a device is started.
  await lookAtKernel(kernel);
  const disks = await parseDisks(options.disks);
  for (const { file } of disks) await lookAtDisk(file);
  const progress = showProgress();
  const interrupt = onInterrupt();
  let root: RootDisk | undefined;
  try {
    const programs = (): ReturnType<typeof programsOfImage> => programsOfImage(progress, interrupt.signal);
    const archive = await bootArchive({ initrd, rootfs, rootIsDisk, command, modules, programs });
    if (rootfs !== undefined && archive.onDisk !== undefined) {
      progress.step(`Making a disk of ${rootfs}`);
      root = await rootDisk(rootfs, archive.onDisk, { signal: interrupt.signal });
    }
    const { initrd: madeInitrd } = archive;
    const images = [kernel, ...(madeInitrd === undefined ? [] : [madeInitrd])];
    const shell = await openShell(progress, interrupt.signal, images);
    try {
      progress.done();
      const vm = await shell.customVm({
        ...{ name, kernel, params: paramsOf(options, archive.params) },
        memoryBytes: memoryMib(options, archive.initrd) * 2 ** 20,
        ...(archive.initrd === undefined ? {} : { initrd: archive.initrd }),
        disks: [...(root === undefined ? [] : [{ file: root.path, writable: true }]), ...disks],
      });
      try {
        const code = await runToItsEnd(vm, archive.nonce, interrupt.signal, options);
        await pullDisks(shell.device, vm, disks, { before: root === undefined ? 0 : 1, signal: interrupt.signal });
        return code;
      } finally {
        await shell.remove(vm);
      }
    } finally {
      await shell.close();
    }
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
    await root?.remove();
  }
}

function checkOptions({ initrd, rootfs, rootfsAsDisk, modules, command, params = "" }: KernelOptions): void {
  const bad = (text: string): never => {
    throw new UsageError("BAD_ARGUMENTS", text);
  };
  if (rootfsAsDisk && rootfs === undefined) bad("--rootfs-as-disk goes with --rootfs.");
  // Drivers for the disk may be in an initramfs, whose own first process continues from there.
  const both = initrd !== undefined && rootfs !== undefined;
  if (both && !rootfsAsDisk) bad("Give --initrd or --rootfs, not both.");
  if (both && command !== undefined) bad("Give --initrd or --exec beside --rootfs-as-disk, not both.");
  if (modules.length > 0 && command === undefined) bad("--module goes with --exec, whose first process loads them.");
  if (modules.length > MAX_MODULES) bad(`--module: at most ${MAX_MODULES} of them.`);
  if (command !== undefined && /(^|\s)rdinit=/.test(params)) {
    bad("--exec brings a first process of its own: leave rdinit= out of --params.");
  }
}

/** A command's output is not to be looked for between that of a kernel. */
function paramsOf({ params, command }: KernelOptions, ours: readonly string[]): readonly string[] {
  const given = params ?? "";
  const speaks = /(^|\s)(quiet|loglevel=\S*|debug|ignore_loglevel)(?=\s|$)/.test(given);
  return [...ours, ...(command === undefined || speaks ? [] : ["quiet"]), given];
}

/** An initramfs is there twice while it is unpacked. */
function memoryMib({ memoryMib }: KernelOptions, initrd: Buffer | undefined): number {
  return memoryMib ?? DEFAULT_MIB + Math.ceil((2 * (initrd?.length ?? 0)) / 2 ** 20);
}

async function runToItsEnd(
  vm: VirtualMachine,
  nonce: string | undefined,
  signal: AbortSignal,
  { raw, cpus }: KernelOptions,
): Promise<number> {
  const told = new AbortController();
  const stdout = guestOutput(process.stdout, { raw });
  const stderr = guestOutput(process.stderr, { raw, shared: true });
  const exec: ExecOutput | undefined =
    nonce === undefined
      ? undefined
      : execOutput(nonce, {
          command: (bytes) => stdout.write(bytes),
          around: (bytes) => stderr.write(bytes),
          onExit: () => told.abort(),
        });
  const console = exec ?? stdout;
  vm.output.subscribeBytes((chunk, stream) => (stream === "console" ? console : stderr).write(chunk));
  await vm.run({ signal, cpus });
  process.stderr.write(`avf: ${vm.getName()} runs, CID ${String(vm.cid)}\n`);
  const outcome = await vm.waitFor("died", { timeoutMs: FOR_EVER_MS, signal: eitherSignal(signal, told.signal) });
  if (outcome.kind === "cancelled" && told.signal.aborted && !signal.aborted) {
    await vm.waitFor("died", { timeoutMs: POWER_OFF_MS * vm.slowness, signal });
  }
  await vm.close();
  for (const output of [console, stdout, stderr]) output.end();
  signal.throwIfAborted();
  return exec === undefined ? codeOfEnd(vm) : codeOfCommand(vm, exec);
}

function codeOfEnd(vm: VirtualMachine): number {
  process.stderr.write(`avf: ${vm.getName()} ended: ${endOf(vm)}\n`);
  return endOf(vm) === "SHUTDOWN" && vm.boot.trouble === undefined ? 0 : FAILED;
}

function codeOfCommand(vm: VirtualMachine, { exitCode }: ExecOutput): number {
  if (exitCode !== undefined) return exitCode;
  const { trouble } = vm.boot;
  const panic = trouble === undefined ? "" : ` after: ${printableLine(trouble.line.text)}`;
  process.stderr.write(`avf: ${vm.getName()} ended (${endOf(vm)}) before the command did${panic}\n`);
  return FAILED;
}

function endOf(vm: VirtualMachine): string {
  const died = vm.events.history.map(({ event }) => event).findLast((event) => event.kind === "died");
  if (died === undefined) return "unknown";
  return died.reason.kind === "known" ? died.reason.name : printableLine(died.reason.raw);
}
