/// <reference types="node" preserve="true" />
/** The library for Node programs, without Jest: `jest-avf/node`. */
import type { AndroidRelease } from "./base/android-release.js";
import { atOnce } from "./base/async/at-once.js";
import { withDeadline } from "./base/deadline.js";
import type { Monitor } from "./base/vm/monitors.js";
import { silentProgress, type Progress } from "./base/progress.js";
import { emulatedDevices } from "./lab/sources/emulated-source.js";
import { attachedDevices } from "./lab/sources/attached-devices.js";
import { labAddress } from "./lab/sources/lab-address.js";
import type { DeviceSource } from "./lab/sources/device-source.js";
import { openDeviceSession } from "./lab/device-session.js";
import { openHarness, type Harness } from "./lab/harness.js";
import type { Device } from "./device/contract.js";
import type { VmContext } from "./virtualmachine/index.js";

export * from "./library.js";
export type * from "./public-types.js";

export interface OpenDeviceOptions {
  /** A real device that adb lists. Default: an emulated device, started for this program. */
  readonly serial?: string;
  /**
   * A lab that devices are leased from, `labgrid://HOST:PORT/?place=NAME`. Default: `AVF_DEVICES`, else none. A serial wins
   * over it.
   */
  readonly devices?: string;
  /** Android release that the emulated device shows. Default: `AVF_RELEASE`, else the default. */
  readonly release?: AndroidRelease;
  /** What VMs of the emulated device run on. Default: `AVF_MONITOR`, else crosvm where its image has one, else QEMU. */
  readonly monitor?: Monitor;
  /** Former name of `monitor`. @deprecated */
  readonly vmm?: Monitor;
  /** VMs of the emulated device are copied from templates instead of booted, where QEMU runs them. Default: false. */
  readonly vmTemplates?: boolean;
  /** Processors of the emulated device. Default: 2. */
  readonly deviceCpus?: 1 | 2;
  /** How long to wait for a real device that another run uses. Default: 10 minutes. */
  readonly leaseTimeoutMs?: number;
  /** Called with what is being set up. */
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** A device, and the apps that were put on it. */
export interface OpenedDevice extends Omit<Device, "installApk"> {
  /**
   * Installs an APK, with its idsig beside it on the device, unless the device has those very bytes.
   * @param path on this host; an `X.apk.idsig` beside `X.apk` is taken along
   * @returns what `VirtualMachineManager.getInstance` and config builders take
   */
  installApk(path: string): Promise<VmContext>;
}

const SETUP_TIMEOUT_MS = 45 * 60_000;
const LEASE_TIMEOUT_MS = 10 * 60_000;

/**
 * Leases a device that nobody else uses until it is closed. Closing ends its VMs; on a real device it also removes what
 * was installed.
 */
export async function openDevice(options: OpenDeviceOptions = {}): Promise<OpenedDevice> {
  const { progress = silentProgress } = options;
  const { source, what } = await chooseSource(options, progress);
  const wait = { timeoutMs: SETUP_TIMEOUT_MS, signal: options.signal };
  const session = await withDeadline(what, wait, (signal) => openDeviceSession(source, { signal }));
  const harnesses: Harness[] = [];
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    try {
      await atOnce(...harnesses.reverse().map((harness) => () => harness.close()));
    } finally {
      await session.close();
    }
  };
  const closeOnce = (): Promise<void> => (closing ??= close());
  return {
    ...session.device,
    installApk: async (path) => {
      const harness = await openHarness(session, { provision: { root: process.cwd(), apks: [path] } });
      harnesses.push(harness);
      const [app] = harness.apps;
      if (app === undefined) throw new Error(`${path} was installed, but is not there`);
      return app.context;
    },
    close: closeOnce,
    [Symbol.asyncDispose]: closeOnce,
  };
}

async function chooseSource(
  options: OpenDeviceOptions,
  progress: Progress,
): Promise<{ readonly source: DeviceSource; readonly what: string }> {
  const { serial, release, monitor = options.vmm, vmTemplates, deviceCpus } = options;
  const { leaseTimeoutMs: timeoutMs = LEASE_TIMEOUT_MS } = options;
  const onWait = (message: string): void => progress.step(message);
  const lease = { runId: `process ${process.pid}`, timeoutMs, match: [], onWait };
  if (serial !== undefined)
    return { source: attachedDevices([serial], { ...lease, slot: 0 }), what: `device ${serial}` };
  const lab = labAddress(options.devices);
  if (lab !== undefined) {
    const { labDevices } = await import("./lab/sources/lab-devices.js");
    return { source: labDevices(lab, lease), what: "a device of the lab" };
  }
  const source = emulatedDevices({ release, vmm: monitor, vmTemplates, deviceCpus }, progress);
  return { source, what: "an emulated device" };
}
