/** A leased device, opened: the device itself, its service, and what the harness keeps an eye on there. */
import type { RunRecord } from "../artifacts/run-record.js";
import { decorate } from "../base/decorate.js";
import { openAdbDevice, RebindableDevice, type Device } from "../device/index.js";
import { openVirtualizationService, type VirtualizationService } from "../virtualizationservice/index.js";
import { identityOf, speedOf } from "./device-properties.js";
import { collectDeviceLogs } from "./device-logs.js";
import { inspectDevice, LeakCheck, NamedThings } from "./leaks/index.js";
import { deviceFacts, type DeviceFacts } from "./requirements/index.js";
import type { DeviceSource, LeasedDevice, Rewinding, SavedDevice } from "./sources/device-source.js";
import { watchDevice, type TestCalls } from "./watch/watched-device.js";

/** A leased device that was opened. */
export interface DeviceSession {
  readonly description: string;
  /** Of an emulated device. */
  readonly name: string | undefined;
  /** False: what is put on the device is taken away again, and others wait for it. */
  readonly keepBetweenFiles: boolean;
  readonly device: Device;
  /** The same device for tests: their calls are recorded as all are, and bound to the test that makes them. */
  readonly deviceOfTests: (tests: TestCalls) => Device;
  readonly service: VirtualizationService;
  /** How many times slower than usual it is; waits get that much longer. At least 1. */
  readonly slowness: number;
  /** Its processors are emulated (TCG), and lose a guest now and then. */
  readonly emulatesCpus: boolean;
  /** What the device has, for requirements. */
  readonly facts: DeviceFacts;
  /** For what tests leave there. Its own looks are not recorded. */
  readonly leakCheck: LeakCheck;
  /** For the leak check: a file or folder on the device that this run made. */
  readonly noteMade: (path: string) => void;
  deviceLogs(packages: readonly string[], windowMs: number): Promise<ReadonlyMap<string, string | Buffer>>;
  /** Undefined for a device without checkpoints. `device` remains the same object after a restore. */
  readonly rewinding: Rewinding | undefined;
  readonly record: RunRecord | undefined;
  /** See `LeasedDevice`. */
  readonly releaseTimeoutMs?: number | undefined;
  /** `ro.serialno`; undefined where the device does not say. */
  readonly serialNumber: string | undefined;
  /** Ends what runs on the device on our behalf, and gives it back. Repeatable, never rejects. */
  close(): Promise<void>;
}

interface DeviceSessionOptions {
  readonly signal: AbortSignal;
  readonly record?: RunRecord | undefined;
}

export async function openDeviceSession(source: DeviceSource, options: DeviceSessionOptions): Promise<DeviceSession> {
  const { signal, record } = options;
  const start = performance.now();
  const leased = await source.acquire(signal);
  const { serial, description, name } = leased;
  let device: Device | undefined;
  let calls = 0;
  const named = new NamedThings();
  const onCall = (argv: readonly string[]): void => {
    calls++;
    if (!source.keepBetweenFiles) named.note(argv);
  };
  try {
    const bound = new RebindableDevice(leased.device ?? (await openAdbDevice(serial, { signal })), leased.whyGone);
    let closing: Promise<void> | undefined;
    let isRecorded = false;
    const close = (): Promise<void> =>
      (closing ??= giveBack(bound.device, leased).then(() => {
        if (isRecorded) record?.add({ kind: "device-released", serial });
      }));
    endWhenLost(bound, leased.lost, close);
    const unrecorded = watchDevice(bound.device, { record: undefined, lost: leased.lost });
    const onMade = (path: string): void => named.noteMade(path);
    const watched = { record, onCall, onMade, lost: leased.lost };
    const opened = watchDevice(bound.device, watched);
    device = opened;
    const { rewinding } = leased;
    const attachTo = rewinding && ((cid: number) => rewinding.attach(opened, cid));
    const [service, properties] = await Promise.all([
      openVirtualizationService(device, { attachTo }),
      // A device that does not say is taken for one as most are.
      device.getProperties({ signal }).catch(() => new Map<string, string>()),
    ]);
    const durationMs = performance.now() - start;
    leased.lost?.throwIfAborted();
    signal.throwIfAborted();
    const identity = identityOf(properties);
    record?.add({
      ...{ kind: "device-leased", serial, device: description, durationMs },
      ...(identity && { properties: identity }),
    });
    isRecorded = true;
    const { keepBetweenFiles } = source;
    return {
      ...{ description, name, keepBetweenFiles, device, service, ...speedOf(properties) },
      deviceOfTests: (tests) => watchDevice(bound.device, { ...watched, tests }),
      facts: deviceFacts(device, service),
      leakCheck: new LeakCheck(inspectDevice(unrecorded, keepBetweenFiles ? undefined : named), () => calls),
      deviceLogs: async (packages, windowMs) => {
        const hostLogs = leased.hostLogs?.() ?? Promise.resolve(new Map<string, Buffer>());
        const [own, ofHost] = await Promise.all([collectDeviceLogs(unrecorded, packages, windowMs), hostLogs]);
        return new Map([...own, ...ofHost]);
      },
      releaseTimeoutMs: leased.releaseTimeoutMs,
      rewinding: rewinding && rebinding(rewinding, bound, () => calls++),
      noteMade: onMade,
      serialNumber: properties.get("ro.serialno"),
      record,
      close,
    };
  } catch (error) {
    await device?.close().catch(() => undefined);
    await leased.release().catch(() => undefined);
    throw error;
  }
}

/**
 * Once it is somebody else's, it is closed at once: what runs there for us would disturb others, and our lock on the device would
 * keep them waiting. Calls under way end with the reason, and later ones are not made: `watchDevice` sees to that.
 */
function endWhenLost(bound: RebindableDevice, lost: AbortSignal | undefined, close: () => Promise<void>): void {
  const onLost = (): void => {
    bound.giveUp(lost?.reason as Error);
    void close();
  };
  if (lost?.aborted === true) onLost();
  else lost?.addEventListener("abort", onLost, { once: true });
}

/** Each step copes with a device that has gone, and giving it back must not depend on closing our handle. Never rejects. */
async function giveBack(device: Device, leased: LeasedDevice): Promise<void> {
  await device.close().catch(() => undefined);
  await leased.release().catch(() => undefined);
}

/** adb's connections do not survive what happens to the device, nor does what was seen of it. */
function rebinding(rewinding: Rewinding, bound: RebindableDevice, onRestore: () => void): Rewinding {
  const restore = async (saved: SavedDevice | undefined, signal?: AbortSignal): Promise<void> => {
    onRestore();
    await bound.rebind(
      () => rewinding.restore(saved, signal),
      () => openAdbDevice(bound.device.serial, { signal }),
    );
  };
  return decorate(rewinding, { restore });
}
