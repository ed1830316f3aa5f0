/** Devices of a lab that DeviceFarmer STF manages: one is taken, and used through the address that STF gives adb. */
import type { DeviceSource, LabOptions, LeasedDevice } from "../sources/device-source.js";
import { openNetworkDevice } from "../sources/network-device.js";
import { KEY_HINT } from "./adb-keys.js";
import { parseStfAddress, type StfAddress } from "./address.js";
import { leaseStfDevice } from "./device-lease.js";
import { readToken } from "./api/token.js";

export function stfDevices(url: URL, options: LabOptions): DeviceSource {
  const wanted = parseStfAddress(url);
  return { keepBetweenFiles: false, acquire: (signal) => acquire(wanted, options, signal) };
}

async function acquire(wanted: StfAddress, options: LabOptions, signal: AbortSignal): Promise<LeasedDevice> {
  const { timeoutMs, onWait } = options;
  const lease = await leaseStfDevice(wanted, { token: readToken(), timeoutMs, signal, onWait });
  try {
    return await openNetworkDevice(lease, lease.address, options, signal, KEY_HINT);
  } catch (error) {
    await lease.release();
    throw error;
  }
}
