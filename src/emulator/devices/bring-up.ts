/** From a command line to a device that answers: cold, or from what was saved of one. */
import { join } from "node:path";
import { InfrastructureError, isHarnessError } from "../../base/errors.js";
import type { Monitor } from "../../base/vm/monitors.js";
import { silentProgress, type Progress } from "../../base/progress.js";
import { connectTcpDevice } from "../../device/adb/connect.js";
import { readAdbKeys } from "../../device/index.js";
import { IMAGE_FILES } from "../image/files.js";
import { buildMachineArguments } from "../machine/arguments.js";
import { launchMachine, SERIAL_LOG, type Machine } from "../machine/launch.js";
import { lendFolder, lendSaved, machineUser, TEMPORARY } from "../machine/machine-user.js";
import { emulatorCommand, IMAGE_FOLDER, OWN_FOLDER } from "../qemu/emulator.js";
import type { ReadyDevice } from "../setup.js";
import { admitAdb, personalize, type DeviceIdentity } from "../snapshot/personalize.js";
import { restoreMachine } from "../snapshot/restore.js";
import { SNAPSHOT_FILES } from "../snapshot/state.js";
import { chosenVmm, type VmmDescription } from "./vmm.js";

export type Origin =
  | { readonly kind: "cold" }
  /** A snapshot, or a checkpoint: they look the same. */
  | { readonly kind: "saved"; readonly folder: string };

export interface BringUp {
  readonly ready: ReadyDevice;
  readonly origin: Origin;
  /** Of the device: logs, and what is written to its disk. */
  readonly folder: string;
  readonly adbPort: number;
  readonly identity: DeviceIdentity;
  /** What VMs are to run on; undefined: the best there is. */
  readonly vmm: Monitor | undefined;
  /** True: the device outlives this process. */
  readonly detached: boolean;
  readonly progress?: Progress | undefined;
}

/** Of a device that boots: zeros at first. */
const COLD_MEMORY = "memory";
const COLD_BOOT_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 60_000;
/** A machine that is at fault itself ends with others: SIGABRT, SIGSEGV, SIGBUS. */
const FROM_OUTSIDE: readonly NodeJS.Signals[] = ["SIGKILL", "SIGTERM", "SIGINT", "SIGHUP"];

export function launchDevice({ ready, origin, folder, adbPort, detached }: BringUp): Machine {
  const { accelerator, cpus, imageFolder, snapshotFolder } = ready;
  const cold = origin.kind === "cold";
  const user = machineUser(adbPort, accelerator);
  lendFolder(folder, [TEMPORARY, SERIAL_LOG, ...(cold ? [COLD_MEMORY] : [])], user);
  if (!cold) lendSaved(origin.folder, Object.values(SNAPSHOT_FILES), user);
  const argv = buildMachineArguments({
    emulator: emulatorCommand(imageFolder, { folder, user, detached }),
    ...{ accelerator, cpus, adbPort, imageFolder: IMAGE_FOLDER },
    // In its current folder is what was saved.
    dataDisk: cold ? join(IMAGE_FOLDER, IMAGE_FILES.data) : SNAPSHOT_FILES.data,
    keepData: false,
    memoryFile: cold ? join(OWN_FOLDER, COLD_MEMORY) : SNAPSHOT_FILES.memory,
    memoryShared: false,
    incoming: !cold,
    serialLog: join(OWN_FOLDER, SERIAL_LOG),
  });
  return launchMachine(argv, { folder, workingFolder: cold ? snapshotFolder : origin.folder, detached, user });
}

/** The data disk as it is when the device starts: what it writes goes elsewhere. */
export function originalDisk({ imageFolder }: ReadyDevice, origin: Origin): string {
  return origin.kind === "cold" ? join(imageFolder, IMAGE_FILES.data) : join(origin.folder, SNAPSHOT_FILES.data);
}

/** The same of its memory. @param deviceFolder has a file of zeros for one that boots */
export function originalMemory(deviceFolder: string, origin: Origin): string {
  return origin.kind === "cold" ? join(deviceFolder, COLD_MEMORY) : join(origin.folder, SNAPSHOT_FILES.memory);
}

/** Until avfd and adb's shell have answered. Returns what VMs run on; undefined when the device can run none. */
export async function bringUp(
  machine: Machine,
  { origin, adbPort, identity, vmm, progress = silentProgress }: BringUp,
  signal: AbortSignal,
): Promise<VmmDescription | undefined> {
  const adbKeys = keysMeanwhile();
  if (origin.kind === "cold") {
    progress.step("Booting the device");
    await machine.qmp.negotiate(signal);
    await machine.control.request({ command: "ping" }, COLD_BOOT_TIMEOUT_MS, signal);
    await admitAdb(machine.control, signal);
  } else {
    await restore(machine, signal);
  }
  const restored = origin.kind === "saved";
  try {
    const [reply] = await Promise.all([
      personalize(machine.control, identity, { vmm, adbKeys, restored, holdVms: false }, signal),
      connectTcpDevice(`127.0.0.1:${adbPort}`, { timeoutMs: CONNECT_TIMEOUT_MS, signal }),
    ]);
    return chosenVmm(reply, vmm);
  } catch (error) {
    if (!restored || !machine.ended.aborted) throw error;
    throw (await wasEndedFromOutside(machine)) ? machine.ended.reason : unusable(machine.ended.reason);
  }
}

/**
 * A saved device whose VMs stand still: until adb has a connection. That is enough for those who attach to the VMs, which
 * waits in the device until it has become one of its own; `ready` settles then.
 */
export async function bringBack(
  machine: Machine,
  { adbPort, identity, vmm }: BringUp,
  signal: AbortSignal,
): Promise<{ readonly ready: Promise<void> }> {
  const adbKeys = keysMeanwhile();
  await restore(machine, signal);
  const ready = personalize(machine.control, identity, { vmm, adbKeys, restored: true, holdVms: true }, signal);
  ready.catch(() => undefined);
  await connectTcpDevice(`127.0.0.1:${adbPort}`, { timeoutMs: CONNECT_TIMEOUT_MS, signal, tryShell: false });
  return { ready: ready.then((reply) => void chosenVmm(reply, vmm)) };
}

/** The first time in a process this asks the adb program for its version, which takes as long as a state to load. */
function keysMeanwhile(): Promise<readonly string[]> {
  const keys = readAdbKeys();
  keys.catch(() => undefined);
  return keys;
}

/** @throws InfrastructureError `SNAPSHOT_UNUSABLE` when it is the saved state that cannot be gone on from */
async function restore(machine: Machine, signal: AbortSignal): Promise<void> {
  try {
    await restoreMachine(machine, signal);
  } catch (error) {
    const reason: unknown = machine.ended.aborted ? machine.ended.reason : error;
    if (isHarnessError(reason) && reason.code !== "DEVICE_ENDED" && reason.code !== "QEMU_REFUSED") throw reason;
    if (signal.aborted && !machine.ended.aborted) throw error;
    if (machine.ended.aborted && (await wasEndedFromOutside(machine))) throw reason;
    throw unusable(reason);
  }
}

/** Whether the kernel (out of memory) or a user killed it: the snapshot is not to blame then. */
async function wasEndedFromOutside({ process, ended }: Machine): Promise<boolean> {
  const { signal } = await process.ended;
  if (signal !== null) return FROM_OUTSIDE.includes(signal);
  // QEMU handles some of them, and exits as if all were well.
  const reason: unknown = ended.reason;
  return isHarnessError(reason) && reason.lastLines.some((line) => /terminating on signal \d+/.test(line));
}

/** Also one that loads, and of which the machine dies: a CPU that lacks what the saved one had shows so. */
function unusable(cause: unknown): InfrastructureError {
  return new InfrastructureError("SNAPSHOT_UNUSABLE", "The emulated device cannot continue from its saved state.", {
    cause,
    details: isHarnessError(cause) ? [cause.shortMessage] : [],
    hint: "npx avf setup --renew snapshot makes a new one",
    lastLines: isHarnessError(cause) ? cause.lastLines : [],
  });
}
