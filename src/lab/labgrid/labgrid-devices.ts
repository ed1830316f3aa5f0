/** Devices of a lab that labgrid manages: a place is acquired, and the device that belongs to it used through adb. */
import type { DeviceSource, LabOptions, LeasedDevice } from "../sources/device-source.js";
import { openListedDevice, openNetworkDevice } from "../sources/network-device.js";
import { deviceOfPlace } from "./adb-resource.js";
import { parseLabgridAddress, type LabgridAddress } from "./address.js";
import { leasePlace } from "./place-lease.js";

export function labgridDevices(url: URL, options: LabOptions): DeviceSource {
  const wanted = parseLabgridAddress(url);
  return { keepBetweenFiles: false, acquire: (signal) => acquire(wanted, options, signal) };
}

async function acquire(wanted: LabgridAddress, options: LabOptions, signal: AbortSignal): Promise<LeasedDevice> {
  const lease = await leasePlace(wanted, { timeoutMs: options.timeoutMs, signal, onWait: options.onWait });
  try {
    const found = deviceOfPlace(lease.place, lease.resources);
    if (found.kind === "listed") return await openListedDevice(lease, found.serial, options, signal);
    return await openNetworkDevice(lease, found.address, options, signal);
  } catch (error) {
    await lease.release();
    throw error;
  }
}
