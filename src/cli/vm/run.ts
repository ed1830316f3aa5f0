/** `avf run`: one VM from an APK, its console on stdout, its payload's exit code as ours. */
import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { UsageError } from "../../base/errors.js";
import { printableLine } from "../../base/printable.js";
import type { App } from "../../lab/app.js";
import { checkVmName, type VirtualMachine, type VirtualMachineConfigBuilder } from "../../virtualmachine/index.js";
import type { DeathReason } from "../../virtualizationservice/contract.js";
import { parseCommandLine } from "../command-line.js";
import { guestOutput } from "./guest-output.js";
import { onInterrupt } from "../interrupt.js";
import { usageOf } from "../help.js";
import { runKernel, type KernelOptions } from "../kernel/run-kernel.js";
import { openApp, removeVm } from "./open-app.js";
import { showProgress } from "../progress.js";

const DEFAULT_CONFIG = "assets/vm_config.json";

/** Exit code when the VM ended without its payload having finished. */
const NOT_FINISHED = 1;
/** The longest a timer can take: 24 days. */
const FOR_EVER_MS = 2 ** 31 - 1;

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine("run", args, { least: 0, most: 1 });
  const [apk] = positionals;
  const { name = "vm1" } = values;
  checkVmName(name);
  if (values.kernel !== undefined) return runKernel(kernelOptions(values, name, apk));
  const stray = KERNEL_OPTIONS.find((option) => values[option] !== undefined);
  if (stray !== undefined) throw new UsageError("BAD_ARGUMENTS", `--${stray} goes with --kernel.`);
  if (apk === undefined)
    throw new UsageError("BAD_ARGUMENTS", "avf run needs an APK, or --kernel.", { hint: usageOf("run") });
  if (values.config !== undefined && values.payload !== undefined) {
    throw new UsageError("BAD_ARGUMENTS", "Give --config or --payload, not both.");
  }
  if (values.payload?.includes("/") === true) {
    const hint = "it is the name of a library in lib/<abi>/ of the APK";
    throw new UsageError("PAYLOAD_BINARY", `Invalid binary file name: ${values.payload}`, { hint });
  }
  if (!existsSync(apk)) {
    throw new UsageError("NO_SUCH_APK", `There is no file ${apk}.`, { hint: "npx avf sample writes an APK to try" });
  }
  const memoryBytes = values.mem === undefined ? undefined : parsePositive("--mem", values.mem) * 2 ** 20;
  const cpus = parsePositive("--cpus", values.cpus ?? "1");
  const progress = showProgress();
  const interrupt = onInterrupt();
  try {
    const opened = await openApp(resolve(apk), progress, interrupt.signal);
    try {
      progress.done();
      const builder = makeBuilder(opened.app, values.config, values.payload);
      if (memoryBytes !== undefined) builder.setMemoryBytes(memoryBytes);
      const vm = await opened.app.vmm.create(name, builder.build());
      try {
        return await runToItsEnd(vm, { signal: interrupt.signal, cpus }, values.raw);
      } finally {
        await removeVm(vm);
      }
    } finally {
      await opened.close();
    }
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
  }
}

const KERNEL_OPTIONS = ["initrd", "rootfs", "rootfs-as-disk", "params", "disk", "module", "exec"] as const;
type Values = ReturnType<typeof parseCommandLine<"run">>["values"];

function kernelOptions(values: Values, name: string, apk: string | undefined): KernelOptions {
  const stray = (["config", "payload"] as const).find((option) => values[option] !== undefined);
  if (apk !== undefined || stray !== undefined) {
    throw new UsageError("BAD_ARGUMENTS", `--kernel takes no ${stray === undefined ? "APK" : `--${stray}`}.`);
  }
  const { kernel = "", initrd, rootfs, params, disk = [], module: modules = [], exec, mem, cpus = "1" } = values;
  const { raw = false, "rootfs-as-disk": rootfsAsDisk = false } = values;
  return {
    ...{ kernel, initrd, rootfs, rootfsAsDisk, params, disks: disk, modules, command: exec, name, raw },
    memoryMib: mem === undefined ? undefined : parsePositive("--mem", mem),
    cpus: parsePositive("--cpus", cpus),
  };
}

function makeBuilder(app: App, config: string | undefined, payload: string | undefined): VirtualMachineConfigBuilder {
  return payload === undefined ? app.vmConfig(config ?? DEFAULT_CONFIG) : app.vmConfigForBinary(payload);
}

async function runToItsEnd(
  vm: VirtualMachine,
  { signal, cpus }: { readonly signal: AbortSignal; readonly cpus: number },
  raw: boolean | undefined,
): Promise<number> {
  const shown = {
    console: guestOutput(process.stdout, { raw }),
    log: guestOutput(process.stderr, { raw, shared: true }),
  };
  vm.output.subscribeBytes((chunk, stream) => shown[stream].write(chunk));
  await vm.run({ signal, cpus });
  process.stderr.write(`avf: ${vm.getName()} runs, CID ${String(vm.cid)}\n`);
  // Without a deadline: a payload may run for as long as it likes, and Ctrl-C ends the wait.
  const outcome = await vm.waitFor("died", { timeoutMs: FOR_EVER_MS, signal });
  for (const output of [shown.console, shown.log]) output.end();
  if (outcome.kind !== "died") {
    await vm.close();
    throw outcome.kind === "cancelled" ? outcome.reason : new Error(`the VM is ${outcome.kind}`);
  }
  const finished = vm.events.history.map(({ event }) => event).find((event) => event.kind === "payload-finished");
  process.stderr.write(`avf: ${vm.getName()} ended: ${describe(outcome.reason)}\n`);
  if (finished === undefined) return NOT_FINISHED;
  const code = finished.exitCode & 0xff;
  if (code === finished.exitCode) return code;
  // A shell sees one byte; what is not zero must not look like it.
  process.stderr.write(`avf: the payload's exit code is ${finished.exitCode}\n`);
  return code === 0 ? NOT_FINISHED : code;
}

function describe(reason: DeathReason): string {
  return reason.kind === "known" ? reason.name : printableLine(reason.raw);
}

function parsePositive(flag: string, text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new UsageError("BAD_ARGUMENTS", `${flag} takes a whole number above zero, not "${text}".`);
}
