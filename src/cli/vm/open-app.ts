/** An app on a device, for commands that run VMs: the emulated device, or the one that ANDROID_SERIAL names. */
import { basename, dirname } from "node:path";
import { InfrastructureError } from "../../base/errors.js";
import type { Progress } from "../../base/progress.js";
import type { App } from "../../lab/app.js";
import { attachedDevices } from "../../lab/sources/attached-devices.js";
import { parseDeviceMatch } from "../../lab/sources/device-match.js";
import { labAddress } from "../../lab/sources/lab-address.js";
import { parseSerials, type DeviceSource } from "../../lab/sources/device-source.js";
import { openDeviceSession } from "../../lab/device-session.js";
import { openHarness } from "../../lab/harness.js";
import { checkFiles } from "../../provisioning/index.js";
import type { VirtualMachine } from "../../virtualmachine/index.js";
import { emulatedDevices } from "../../lab/sources/emulated-source.js";

interface OpenedApp {
  readonly app: App;
  /** E.g. `emulated device avf-1 (Android 15, tcg)`. */
  readonly deviceDescription: string;
  /** Gives the device back; an emulated one ends. Repeatable. */
  close(): Promise<void>;
}

/** Installs the APK (and its idsig, when it lies beside it) on a device of our own or a leased one. */
export async function openApp(apkPath: string, progress: Progress, signal: AbortSignal): Promise<OpenedApp> {
  const files = { root: dirname(apkPath), apks: [basename(apkPath)] };
  await checkFiles(files);
  const session = await openDeviceSession(await deviceSource(progress), { signal });
  try {
    progress.step(`Installing ${basename(apkPath)}`);
    const harness = await openHarness(session, {
      provision: { ...files, signal },
    });
    const [app] = harness.apps;
    if (app === undefined) throw new InfrastructureError("NOTHING_INSTALLED", `${apkPath} was not installed.`);
    const close = async (): Promise<void> => {
      await harness.close().finally(() => session.close());
    };
    return { app, deviceDescription: session.description, close };
  } catch (error) {
    await session.close();
    throw error;
  }
}

/** Ends a VM that may still run, and removes its files; a device that has gone took both along. */
export async function removeVm(vm: VirtualMachine): Promise<void> {
  if (vm.status === "DELETED") return;
  await vm.close().catch(() => undefined);
  await vm.delete().catch(() => undefined);
}

/** As ANDROID_SERIAL and AVF_DEVICES say. */
export async function deviceSource(progress: Progress): Promise<DeviceSource> {
  const serials = parseSerials(process.env["ANDROID_SERIAL"]);
  const lab = labAddress();
  if (serials.length === 0 && lab === undefined) return emulatedDevices({}, progress);
  const onWait = (message: string): void => progress.step(message);
  const options = { runId: `avf-${process.pid}`, timeoutMs: 600_000, match: parseDeviceMatch(undefined), onWait };
  if (serials.length === 0 && lab !== undefined) {
    const { labDevices } = await import("../../lab/sources/lab-devices.js");
    return labDevices(lab, options);
  }
  return attachedDevices(serials, { ...options, slot: 0 });
}
