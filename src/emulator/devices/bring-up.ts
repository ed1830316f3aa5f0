/** From a command line to a device that answers: cold, or from what was saved of one. */
import { join } from "node:path";
import { sleep } from "../../base/deadline.js";
import { InfrastructureError, isHarnessError } from "../../base/errors.js";
import { silentProgress, type Progress } from "../../base/progress.js";
import { connectTcpDevice } from "../../device/adb/connect.js";
import { IMAGE_FILES } from "../image/files.js";
import { buildMachineArguments } from "../machine/arguments.js";
import type { Vmm } from "../machine/control.js";
import { launchMachine, SERIAL_LOG, type Machine } from "../machine/launch.js";
import type { ReadyDevice } from "../setup.js";
import { personalize, type DeviceIdentity } from "../snapshot/personalize.js";
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
  readonly vmm: Vmm | undefined;
  /** True: the device outlives this process. */
  readonly detached: boolean;
  readonly progress?: Progress | undefined;
}

const COLD_BOOT_TIMEOUT_MS = 300_000;
const CONNECT_TIMEOUT_MS = 60_000;
/** From the end of its control connection to the end of the process. */
const QEMU_LAST_WORDS_MS = 2_000;

export function launchDevice({ ready, origin, folder, adbPort, detached }: BringUp): Machine {
  const { accelerator, cpus, emulator, imageFolder, snapshotFolder } = ready;
  const cold = origin.kind === "cold";
  const argv = buildMachineArguments({
    ...{ emulator, accelerator, cpus, imageFolder, adbPort },
    dataDisk: originalDisk(ready, origin),
    keepData: false,
    memoryFile: originalMemory(folder, origin),
    memoryShared: false,
    incoming: !cold,
    serialLog: join(folder, SERIAL_LOG),
  });
  return launchMachine(argv, { folder, workingFolder: cold ? snapshotFolder : origin.folder, detached });
}

/** The data disk as it is when the device starts: what it writes goes elsewhere. */
export function originalDisk({ imageFolder }: ReadyDevice, origin: Origin): string {
  return origin.kind === "cold" ? join(imageFolder, IMAGE_FILES.data) : join(origin.folder, SNAPSHOT_FILES.data);
}

/** The same of its memory. @param deviceFolder has a file of zeros for one that boots */
export function originalMemory(deviceFolder: string, origin: Origin): string {
  return origin.kind === "cold" ? join(deviceFolder, "memory") : join(origin.folder, SNAPSHOT_FILES.memory);
}

/** Until avfd and adb's shell have answered. Returns what VMs run on; undefined when the device can run none. */
export async function bringUp(
  machine: Machine,
  { origin, adbPort, identity, vmm, progress = silentProgress }: BringUp,
  signal: AbortSignal,
): Promise<VmmDescription | undefined> {
  if (origin.kind === "cold") {
    progress.step("Booting the device");
    await machine.qmp.negotiate(signal);
    await machine.control.request({ command: "ping" }, COLD_BOOT_TIMEOUT_MS, signal);
  } else {
    await restore(machine, signal);
  }
  const restored = origin.kind === "saved";
  const [reply] = await Promise.all([
    personalize(machine.control, identity, { vmm, restored, holdVms: false }, signal),
    connectTcpDevice(`127.0.0.1:${adbPort}`, { timeoutMs: CONNECT_TIMEOUT_MS, signal }),
  ]);
  return chosenVmm(reply, vmm);
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
  await restore(machine, signal);
  const ready = personalize(machine.control, identity, { vmm, restored: true, holdVms: true }, signal);
  ready.catch(() => undefined);
  await connectTcpDevice(`127.0.0.1:${adbPort}`, { timeoutMs: CONNECT_TIMEOUT_MS, signal, tryShell: false });
  return { ready: ready.then((reply) => void chosenVmm(reply, vmm)) };
}

/** QEMU ends when it cannot load a state; its own words say more than the connection that broke. */
async function restore(machine: Machine, signal: AbortSignal): Promise<void> {
  try {
    await restoreMachine(machine, signal);
  } catch (error) {
    if (isHarnessError(error) && error.code === "QEMU_GONE") {
      await Promise.race([machine.process.ended, sleep(QEMU_LAST_WORDS_MS)]);
    }
    const reason: unknown = machine.ended.aborted ? machine.ended.reason : error;
    if (isHarnessError(reason) && reason.code !== "DEVICE_ENDED" && reason.code !== "QEMU_REFUSED") throw reason;
    if (signal.aborted && !machine.ended.aborted) throw error;
    throw new InfrastructureError("SNAPSHOT_UNUSABLE", "The emulated device's snapshot cannot be continued.", {
      cause: reason,
      hint: "npx avf setup --fresh makes everything anew",
    });
  }
}
