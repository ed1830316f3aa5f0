/** Devices of a lab that labgrid manages: a place is acquired, and the device that belongs to it used through adb. */
import { InfrastructureError, isHarnessError } from "../../base/errors.js";
import { connectTcpDevice, disconnectTcpDevice } from "../../device/index.js";
import { attachedDevices } from "../sources/attached-devices.js";
import type { DeviceSource, LabOptions, LeasedDevice } from "../sources/device-source.js";
import { deviceOfPlace, type PlaceDevice } from "./adb-resource.js";
import { parseLabgridAddress, type LabgridAddress } from "./address.js";
import { leasePlace, type PlaceLease } from "./place-lease.js";

const CONNECT_TIMEOUT_MS = 30_000;
/** The run before may be about to let go of the device. */
const LOCK_TIMEOUT_MS = 30_000;

export function labgridDevices(url: URL, options: LabOptions): DeviceSource {
  const wanted = parseLabgridAddress(url);
  return { keepBetweenFiles: false, acquire: (signal) => acquire(wanted, options, signal) };
}

async function acquire(wanted: LabgridAddress, options: LabOptions, signal: AbortSignal): Promise<LeasedDevice> {
  const lease = await leasePlace(wanted, { timeoutMs: options.timeoutMs, signal, onWait: options.onWait });
  try {
    const device = deviceOfPlace(lease.place, lease.resources);
    return await openPlace(lease, device, options, signal);
  } catch (error) {
    await lease.release();
    throw error;
  }
}

async function openPlace(
  lease: PlaceLease,
  found: PlaceDevice,
  options: LabOptions,
  signal: AbortSignal,
): Promise<LeasedDevice> {
  const { name } = lease.place;
  const serial = await connect(name, found, signal);
  const disconnect = async (): Promise<void> => {
    if (found.kind === "network") await disconnectTcpDevice(serial).catch(() => undefined);
  };
  try {
    const { runId, match, onWait } = options;
    const source = attachedDevices([serial], { runId, match, onWait, timeoutMs: LOCK_TIMEOUT_MS, slot: 0 });
    const device = await source.acquire(signal);
    const release = async (): Promise<void> => {
      await device.release();
      // Whoever has a place that we lost may use this connection by now.
      if (!lease.lost.aborted) await disconnect();
      await lease.release();
    };
    return { ...device, description: `${device.description} of place ${name}`, lost: lease.lost, release };
  } catch (error) {
    await disconnect();
    throw error;
  }
}

async function connect(place: string, found: PlaceDevice, signal: AbortSignal): Promise<string> {
  if (found.kind === "listed") return found.serial;
  try {
    return await connectTcpDevice(found.address, { timeoutMs: CONNECT_TIMEOUT_MS, signal });
  } catch (error) {
    if (!isHarnessError(error) || error.kind !== "infrastructure") throw error;
    throw new InfrastructureError("ADB_CONNECT", `Place ${place}: ${error.shortMessage}`, {
      cause: error,
      hint: error.hint,
    });
  }
}
