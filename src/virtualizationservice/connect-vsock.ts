/** A connection to a server in a guest, by way of adb. */
import type { Socket } from "node:net";
import { UsageError } from "../base/errors.js";
import type { Device, DeviceCallOptions } from "../device/contract.js";

/** A guest that stands still answers nothing; the device's kernel gives up after 2 s. */
const CONNECT_TIMEOUT_MS = 10_000;
const MIN_VSOCK_PORT = 1;
const MAX_VSOCK_PORT = 0xffff_ffff;

/** @throws HarnessError `VSOCK_REFUSED` when nothing accepts it */
export async function connectVsock(
  device: Device,
  cid: number,
  port: number,
  options: Pick<DeviceCallOptions, "signal"> = {},
): Promise<Socket> {
  if (!Number.isInteger(port) || port < MIN_VSOCK_PORT || port > MAX_VSOCK_PORT) {
    throw new UsageError("VSOCK_PORT", `Not a vsock port: ${port}`, {
      hint: `a port is a whole number from ${MIN_VSOCK_PORT} to ${MAX_VSOCK_PORT}`,
    });
  }
  return device.connect(`vsock:${cid}:${port}`, { timeoutMs: CONNECT_TIMEOUT_MS, signal: options.signal });
}
