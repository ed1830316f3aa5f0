/** Where the devices of a file come from, by its options. */
import { attachedDevices } from "../lab/sources/attached-devices.js";
import { labDevices } from "../lab/sources/lab-devices.js";
import type { DeviceSource } from "../lab/sources/device-source.js";
import { emulatedDevices } from "../lab/sources/emulated-source.js";
import type { EnvironmentOptions } from "./options.js";
import { plainProgress } from "./plain-progress.js";
import { anyOf } from "../base/text/word-list.js";

/** Without anything to set up a device is there in a second; a run without our global setup sets up here. */
const DEVICE_TIMEOUT_MS = 45 * 60_000;
const OPEN_TIMEOUT_MS = 60_000;
/** Coordinator, adb and the lock of the device have deadlines of their own, which say more. */
const LAB_TIMEOUT_MS = 3 * 60_000;

interface DeviceChoice {
  readonly source: DeviceSource;
  readonly timeoutMs: number;
  /** For errors: what was waited for. */
  readonly what: string;
  /** Files with the same key can share a device. */
  readonly key: string;
}

export function chooseSource({
  serials,
  devices,
  match,
  leaseTimeoutMs,
  release,
  monitor: vmm,
  vmTemplates,
  deviceCpus,
}: EnvironmentOptions): DeviceChoice {
  const progress = plainProgress();
  const key = JSON.stringify([serials, devices, match.map(({ text }) => text), release, vmm, vmTemplates, deviceCpus]);
  const runId = `jest ${process.pid}`;
  const onWait = (message: string): void => progress.step(message);
  if (serials.length === 0 && devices !== undefined) {
    const source = labDevices(devices, { runId, timeoutMs: leaseTimeoutMs, match, onWait });
    return { source, timeoutMs: leaseTimeoutMs + LAB_TIMEOUT_MS, what: "a device of the lab", key };
  }
  if (serials.length === 0) {
    const source = emulatedDevices({ release, vmm, vmTemplates, deviceCpus }, progress);
    return { source, timeoutMs: DEVICE_TIMEOUT_MS, what: "an emulated device", key };
  }
  const slot = Number(process.env["JEST_WORKER_ID"] ?? 1) - 1;
  const source = attachedDevices(serials, { runId, timeoutMs: leaseTimeoutMs, slot, match, onWait });
  return { source, timeoutMs: leaseTimeoutMs + OPEN_TIMEOUT_MS, what: `device ${anyOf(serials)}`, key };
}
