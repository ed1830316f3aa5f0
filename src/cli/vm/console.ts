/** `avf console VM`: follows the console of a VM that another process runs, until it dies. Only reads. */
import { existsSync, readFileSync } from "node:fs";
import { listHolds, type HeldVm, type HoldRecord } from "../../artifacts/holds/hold-records.js";
import { sleep } from "../../base/deadline.js";
import { UsageError } from "../../base/errors.js";
import { printableLine } from "../../base/printable.js";
import { openAdbDevice, type Device } from "../../device/index.js";
import { FollowedFile } from "../../virtualizationservice/followed-file.js";
import { VM_TOOL } from "../../virtualizationservice/tool.js";
import { parseCommandLine } from "../command-line.js";
import { guestOutput } from "./guest-output.js";
import { onInterrupt } from "../interrupt.js";
import { listVmProcesses, type RunningVmProcess } from "./running-vms.js";
import { knownDevices, type KnownDevice } from "../device/which-devices.js";

const LOOK_EVERY_MS = 500;
const LAST_LOOKS = 6;

export async function run(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseCommandLine("console", args, { least: 1, most: 1 });
  const [name = ""] = positionals;
  const interrupt = onInterrupt();
  const found: FoundVm[] = [];
  try {
    const devices = await knownDevices(values.device);
    const others = await find(devices, name, found, interrupt.signal);
    const [only] = found;
    if (found.length > 1) throw several(name, found);
    if (only !== undefined) return await follow(only, values, interrupt.signal);
    const held = findHeld(name, values.device);
    if (held === undefined) throw noSuchVm(name, devices, others);
    return showHeld(held, values);
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    await Promise.allSettled(found.map(({ device }) => device.close()));
    interrupt.dispose();
  }
}

interface FoundVm {
  readonly known: KnownDevice;
  readonly device: Device;
  readonly vm: RunningVmProcess;
}

/** Adds what is found to `found`; returns other VMs that run there, for the error message. */
async function find(
  devices: readonly KnownDevice[],
  name: string,
  found: FoundVm[],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const others: string[] = [];
  for (const known of devices) {
    const device = await openAdbDevice(known.serial, { signal });
    const vms = await listVmProcesses(device);
    const vm = vms.find((each) => each.name === name);
    others.push(...vms.map((each) => `${printableLine(each.name)} on ${known.label}`));
    if (vm === undefined) await device.close();
    else found.push({ known, device, vm });
  }
  return others;
}

interface Wanted {
  readonly log?: boolean | undefined;
  readonly raw?: boolean | undefined;
}

async function follow({ known, device, vm }: FoundVm, { log, raw }: Wanted, signal: AbortSignal): Promise<number> {
  const path = log ? vm.logPath : vm.consolePath;
  if (path === undefined) {
    const stream = log ? "log" : "console";
    throw new UsageError("NO_CONSOLE", `VM "${vm.name}" was started without a file for its ${stream}.`, {
      hint: `start it with vm run-app --${stream} FILE; in suites setVmOutputCaptured(true) does that`,
    });
  }
  process.stderr.write(`avf: ${printableLine(vm.name)} on ${known.label}; Ctrl-C ends this view, not the VM\n`);
  const output = guestOutput(process.stdout, { raw });
  const file = new FollowedFile(device, path, (chunk) => output.write(chunk));
  file.begin();
  try {
    // eslint-disable-next-line house/linux-only -- on the device
    while ((await device.execUnchecked(["test", "-d", `/proc/${vm.pid}`], { signal })).exitCode === 0) {
      await sleep(LOOK_EVERY_MS, signal);
    }
    await file.finish();
  } catch (error) {
    await file.abandon().catch(() => undefined);
    throw error;
  }
  output.end();
  // The service writes it down when it has cleared up after the VM, a moment after its processes are gone.
  let reason = await deathReason(device, vm.name);
  for (let look = 0; reason === undefined && look < LAST_LOOKS; look += 1) {
    await sleep(LOOK_EVERY_MS, signal);
    reason = await deathReason(device, vm.name);
  }
  process.stderr.write(
    `avf: ${printableLine(vm.name)} ended${reason === undefined ? "; the device's log does not say why" : `: ${reason}`}\n`,
  );
  return 0;
}

/** As the service logged it; undefined when its log does not go back so far, or is not for us to read. */
async function deathReason(device: Device, name: string): Promise<string | undefined> {
  const { stdout } = await device.execUnchecked(["logcat", "-d"]);
  const deaths = [...stdout.matchAll(/irtual machine "([^"\n]*)" \([^)\n]*\) died: (\w+)/g)];
  return deaths.findLast(([, died]) => died === name)?.[2];
}

interface Held {
  readonly hold: HoldRecord;
  readonly vm: HeldVm;
}

function findHeld(name: string, device: string | undefined): Held | undefined {
  return listHolds()
    .filter((hold) => device === undefined || hold.device === device || hold.serial === device)
    .flatMap((hold) => hold.vms.filter((vm) => vm.name === name).map((vm) => ({ hold, vm })))
    .at(-1);
}

function showHeld({ hold, vm }: Held, { log, raw }: Wanted): number {
  const path = log ? vm.logFile : vm.consoleFile;
  const output = guestOutput(process.stdout, { raw });
  if (existsSync(path)) output.write(readFileSync(path));
  output.end();
  process.stderr.write(
    `avf: ${printableLine(vm.name)} was ${vm.status} when "${printableLine(hold.test)}" failed, and is not running now\n`,
  );
  return 0;
}

function several(name: string, found: readonly FoundVm[]): UsageError {
  const list = found.map(({ known }) => known.label).join(", ");
  return new UsageError("WHICH_VM", `A VM "${name}" runs on each of these: ${list}.`, { hint: "choose with --device" });
}

function noSuchVm(name: string, devices: readonly KnownDevice[], others: readonly string[]): UsageError {
  if (devices.length === 0) {
    return new UsageError("NO_SUCH_VM", `No VM "${name}" runs: there is no device.`, {
      hint: "npx avf device list shows emulated ones; a phone is named by ANDROID_SERIAL",
    });
  }
  const where = devices.map(({ label }) => label).join(", ");
  const listAll = `adb -s ${devices[0]?.serial ?? "SERIAL"} shell ${VM_TOOL} list`;
  const none = `no VM that has a name runs there; one without is listed by ${listAll}`;
  const hint = others.length === 0 ? none : `these run: ${others.join(", ")}`;
  return new UsageError("NO_SUCH_VM", `No VM "${name}" runs on ${where}.`, { hint });
}
