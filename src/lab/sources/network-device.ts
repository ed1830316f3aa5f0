/** The device that belongs to a lease of a lab, and that adb reaches over the network. */
import { InfrastructureError, isHarnessError } from "../../base/errors.js";
import { connectTcpDevice, disconnectTcpDevice } from "../../device/index.js";
import { attachedDevices } from "./attached-devices.js";
import type { LabOptions, LeasedDevice } from "./device-source.js";

interface LabLease {
  /** For people: `place shelf-1`. */
  readonly name: string;
  /** Aborted when somebody else has the device. */
  readonly lost: AbortSignal;
  /** Repeatable, never rejects. */
  release(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 30_000;
/** The run before may be about to let go of the device. */
const LOCK_TIMEOUT_MS = 30_000;

/**
 * Connects to it; the lease ends with it, but not when this fails.
 * @param address `HOST:PORT`
 * @param hint what else to look at when it does not answer
 */
export async function openNetworkDevice(
  lease: LabLease,
  address: string,
  options: LabOptions,
  signal: AbortSignal,
  hint?: string,
): Promise<LeasedDevice> {
  const serial = await connectLeased(lease.name, address, { signal, hint });
  const disconnect = async (): Promise<void> => disconnectTcpDevice(serial).catch(() => undefined);
  try {
    // The next holder of a lost device may use this connection by now.
    return await openListedDevice(lease, serial, options, signal, async () => {
      if (!lease.lost.aborted) await disconnect();
    });
  } catch (error) {
    await disconnect();
    throw error;
  }
}

/** The same for one that adb lists already. @param whenClosed done before the lease is given back */
export async function openListedDevice(
  lease: LabLease,
  serial: string,
  { runId, match, onWait }: LabOptions,
  signal: AbortSignal,
  whenClosed = async (): Promise<void> => undefined,
): Promise<LeasedDevice> {
  const source = attachedDevices([serial], { runId, match, onWait, timeoutMs: LOCK_TIMEOUT_MS, slot: 0 });
  const device = await source.acquire(signal);
  const release = async (): Promise<void> => {
    await device.release();
    await whenClosed();
    await lease.release();
  };
  return { ...device, description: `${device.description} of ${lease.name}`, lost: lease.lost, release };
}

interface ConnectOptions {
  /** Default: 30 s. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** See `openNetworkDevice`. */
  readonly hint?: string | undefined;
}

/**
 * @param name of what was leased, for people
 * @throws InfrastructureError `ADB_CONNECT`, which names it
 */
export async function connectLeased(
  name: string,
  address: string,
  { timeoutMs = CONNECT_TIMEOUT_MS, signal, hint }: ConnectOptions,
): Promise<string> {
  try {
    return await connectTcpDevice(address, { timeoutMs, signal });
  } catch (error) {
    if (!isHarnessError(error) || error.kind !== "infrastructure") throw error;
    const what = `${name.charAt(0).toUpperCase()}${name.slice(1)}: ${error.shortMessage}`;
    throw new InfrastructureError("ADB_CONNECT", what, { cause: error, hint: hint ?? error.hint });
  }
}
