/**
 * Tells whether a device is the one that notes were taken of: serials are reused (`localhost:6520`), so a run leaves a file
 * with a name of chance there before anything else, and takes it away last.
 */
import { randomBytes } from "node:crypto";
import type { Device } from "../../device/index.js";

export interface DeviceToken {
  readonly token: string;
  /** `ro.serialno`, which a copy of the device's storage does not have. */
  readonly serialNumber: string;
}

const TOKEN = /^[0-9a-f]{32}$/;
const LEAVE = ': >"$1"';
const LOOK = 'getprop ro.serialno 2>/dev/null; [ -f "$1" ]';

/** @param note writes the token down, before it is on the device */
export async function leaveToken(
  device: Device,
  note: (token: DeviceToken) => void,
  knownNumber?: string,
): Promise<void> {
  const token = randomBytes(16).toString("hex");
  const serialNumber = knownNumber ?? (await askSerialNumber(device, token));
  note({ token, serialNumber: serialNumber.trim() });
  await device.exec(["sh", "-c", LEAVE, "sh", pathOf(token)]);
}

async function askSerialNumber(device: Device, token: string): Promise<string> {
  return (await device.execUnchecked(["sh", "-c", LOOK, "sh", pathOf(token)])).stdout;
}

export async function isDeviceOf(device: Device, { token, serialNumber }: DeviceToken): Promise<boolean> {
  const { exitCode, stdout } = await device.execUnchecked(["sh", "-c", LOOK, "sh", pathOf(token)]);
  return exitCode === 0 && stdout.trim() === serialNumber;
}

export async function removeToken(device: Device, { token }: DeviceToken): Promise<void> {
  await device.execUnchecked(["rm", "-f", pathOf(token)]);
}

export function isDeviceToken(value: unknown): value is DeviceToken {
  if (typeof value !== "object" || value === null) return false;
  const { token, serialNumber } = value as Readonly<Record<string, unknown>>;
  return typeof token === "string" && TOKEN.test(token) && typeof serialNumber === "string";
}

function pathOf(token: string): string {
  return `/data/local/tmp/.avf-run-${token}`;
}
