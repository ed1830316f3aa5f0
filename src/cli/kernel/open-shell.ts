/** A device for a VM of its own kernel, which belongs to no app: the emulated one, or the one that ANDROID_SERIAL names. */
import { join } from "node:path";
import type { Progress } from "../../base/progress.js";
import type { Device } from "../../device/index.js";
import type { MakeCustomVm } from "../../lab/custom-vm/spec.js";
import { openDeviceSession } from "../../lab/device-session.js";
import { openHarness } from "../../lab/harness.js";
import type { VirtualMachine } from "../../virtualmachine/index.js";
import { deviceSource, removeVm } from "../vm/open-app.js";

interface OpenedShell {
  readonly device: Device;
  readonly customVm: MakeCustomVm;
  remove(vm: VirtualMachine): Promise<void>;
  /** Gives the device back; an emulated one ends. Repeatable. */
  close(): Promise<void>;
}

/** @param images of the VM that is made on it */
export async function openShell(
  progress: Progress,
  signal: AbortSignal,
  images: readonly (string | Uint8Array)[] = [],
): Promise<OpenedShell> {
  const session = await openDeviceSession(await deviceSource(progress), { signal });
  try {
    const harness = await openHarness(session, { provision: { root: process.cwd(), signal }, images });
    return {
      ...{ device: harness.device, customVm: harness.customVm, remove: removeVm },
      close: () => harness.close().finally(() => session.close()),
    };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** They are made with the image of the emulated device, and run on processors like its own. */
export async function programsOfImage(
  progress: Progress,
  signal: AbortSignal,
): Promise<{ readonly execInit: string; readonly busybox: string }> {
  const { ensureReady, IMAGE_FILES } = await import("../../emulator/index.js");
  const { imageFolder } = await ensureReady({ progress, signal });
  return { execInit: join(imageFolder, IMAGE_FILES.execInit), busybox: join(imageFolder, IMAGE_FILES.busybox) };
}
