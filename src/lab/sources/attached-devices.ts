/** Real devices, chosen among those that were asked for by serial: the first that is free, usable and what is wanted. */
import { sleep } from "../../base/deadline.js";
import {
  describeError,
  InfrastructureError,
  isHarnessError,
  UsageError,
  type HarnessError,
} from "../../base/errors.js";
import { allOf } from "../../base/text/word-list.js";
import { leaseDevice, openAdbDevice, takeDeviceLock, type Device, type DeviceLock } from "../../device/index.js";
import { openVirtualizationService } from "../../virtualizationservice/index.js";
import type { DeviceSource, LeasedDevice } from "./device-source.js";
import { deviceFacts, evaluateRequirements, type Requirement } from "../requirements/index.js";

interface AttachedDevicesOptions {
  readonly runId: string;
  /** How long to wait for another run to release a device. */
  readonly timeoutMs: number;
  /** Spreads workers over the devices: 0, 1, 2… */
  readonly slot: number;
  /** What the device has to have. Default: nothing. */
  readonly match?: readonly Requirement[];
  /** Called with the reason why there is no device yet, and for devices that are passed over. */
  readonly onWait?: (message: string) => void;
}

type HeldLock = Extract<DeviceLock, { kind: "held" }>;

const POLL_MS = 500;
const OPEN_TIMEOUT_MS = 15_000;
const RELOCK_TIMEOUT_MS = 15_000;

/** Devices that adb lists already, each leased on this host and on the device while in use. */
export function attachedDevices(serials: readonly string[], options: AttachedDevicesOptions): DeviceSource {
  if (serials.length === 0) throw new UsageError("NO_SERIAL", "No device serial was given.");
  const first = options.slot % serials.length;
  const inTurn = [...serials.slice(first), ...serials.slice(0, first)];
  return { keepBetweenFiles: false, acquire: (signal) => acquireAny(inTurn, options, signal) };
}

/** Why a device cannot be used. A busy device becomes free when the other run ends; any other problem needs a fix. */
interface Refusal {
  readonly serial: string;
  readonly error: HarnessError;
  readonly busy: boolean;
}

async function acquireAny(
  serials: readonly string[],
  options: AttachedDevicesOptions,
  signal: AbortSignal,
): Promise<LeasedDevice> {
  const deadlineMs = performance.now() + options.timeoutMs;
  const told = new Set<string>();
  for (;;) {
    const refusals: Refusal[] = [];
    for (const serial of serials) {
      const answer = await tryDevice(serial, options, signal);
      if (!("error" in answer)) return answer;
      refusals.push(answer);
    }
    if (!refusals.some(({ busy }) => busy)) throw unusable(refusals);
    if (performance.now() >= deadlineMs) throw unusable(refusals);
    for (const { serial, error } of refusals) {
      if (!told.has(serial)) options.onWait?.(error.shortMessage);
      told.add(serial);
    }
    await sleep(POLL_MS, signal);
  }
}

async function tryDevice(
  serial: string,
  { runId, match = [] }: AttachedDevicesOptions,
  signal: AbortSignal,
): Promise<LeasedDevice | Refusal> {
  const undo: (() => Promise<void> | void)[] = [];
  const release = async (): Promise<void> => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    const lease = await leaseDevice(serial, { runId, timeoutMs: 0, signal });
    undo.push(() => lease.release());
    // The device lets go of the lock with the connection.
    const onRestart = async (restarted: Device, call?: AbortSignal): Promise<void> =>
      void (lock = await lockAgain(restarted, runId, call));
    const device = await openAdbDevice(serial, { timeoutMs: OPEN_TIMEOUT_MS, signal, onRestart });
    undo.push(() => device.close());
    let lock = await lockDevice(device, runId, signal);
    undo.push(() => lock.release());
    await requireMatch(device, match);
    return { serial, description: `device ${serial}`, device, release };
  } catch (error) {
    await release();
    signal.throwIfAborted();
    if (!isHarnessError(error) || error.kind !== "infrastructure") throw error;
    return { serial, error, busy: error.code === "DEVICE_BUSY" };
  }
}

async function lockDevice(device: Device, runId: string, signal?: AbortSignal): Promise<HeldLock> {
  const lock = await takeDeviceLock(device, runId, signal);
  if (lock.kind === "held") return lock;
  throw new InfrastructureError("DEVICE_BUSY", `Device ${device.serial} is in use by ${lock.holder}.`, {
    hint: "wait for that run, or choose another device with ANDROID_SERIAL",
  });
}

/** Our own shell there, which held it, may take a moment to end. */
async function lockAgain(device: Device, runId: string, signal?: AbortSignal): Promise<HeldLock> {
  for (const endMs = performance.now() + RELOCK_TIMEOUT_MS; ;) {
    try {
      return await lockDevice(device, runId, signal);
    } catch (error) {
      if (!isHarnessError(error) || error.code !== "DEVICE_BUSY" || performance.now() > endMs) throw error;
    }
    await sleep(POLL_MS, signal);
  }
}

async function requireMatch(device: Device, match: readonly Requirement[]): Promise<void> {
  if (match.length === 0) return;
  const facts = deviceFacts(device, await openVirtualizationService(device));
  const unmet = (await evaluateRequirements(match, facts)).filter(({ met }) => !met);
  const [first] = unmet;
  if (first === undefined) return;
  const list = allOf(unmet.map(({ requirement, observed }) => `${requirement} (${observed})`));
  throw new InfrastructureError("DEVICE_MISMATCH", `Device ${device.serial} does not match ${list}.`, {
    hint: `see for yourself: ${first.shownBy}`,
  });
}

/** One device's own error says most. */
function unusable(refusals: readonly Refusal[]): Error {
  const [first] = refusals;
  if (first !== undefined && refusals.length === 1) return first.error;
  const lines = refusals.map(({ error }) => `  ${describeError(error).replaceAll("\n", "\n    ")}`);
  const code = refusals.some(({ busy }) => busy) ? "DEVICE_BUSY" : "NO_USABLE_DEVICE";
  return new InfrastructureError(code, `None of the devices asked for can be used:\n${lines.join("\n")}`);
}
