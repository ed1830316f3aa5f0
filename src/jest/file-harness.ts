/** From a file's options to the harness its tests use. Each step has a deadline: Jest sets none here. */
import type { RunRecord } from "../artifacts/run-record.js";
import { withDeadline } from "../base/deadline.js";
import { attachedDevices, type DeviceSource } from "../fixtures/device-source.js";
import { openHarness, type Harness } from "../fixtures/wire.js";
import { borrowDevice, returnDevice } from "./device-pool.js";
import { emulatedDevices } from "./emulated-source.js";
import type { EnvironmentOptions } from "./options.js";
import { plainProgress } from "./plain-progress.js";
import { callSignal } from "./test-context.js";

/** Without anything to set up a device is there in a second; a run without our global setup sets up here. */
const DEVICE_TIMEOUT_MS = 45 * 60_000;
const OPEN_TIMEOUT_MS = 60_000;
const PROVISION_TIMEOUT_MS = 10 * 60_000;
const CLOSE_TIMEOUT_MS = 60_000;

export interface FileHarness {
  readonly harness: Harness;
  /** Nothing on the device needs to be cleared away when this process ends. */
  readonly deviceEndsWithUs: boolean;
  /** The file is over. Repeatable. */
  close(): Promise<void>;
}

/** What a module named by `harnessModule` exports. */
interface HarnessModule {
  openHarness(callSignal: () => AbortSignal | undefined): Promise<Harness>;
}

export async function openFileHarness(
  options: EnvironmentOptions,
  rootDir: string,
  record: RunRecord,
): Promise<FileHarness> {
  if (options.harnessModule !== undefined) {
    // eslint-disable-next-line no-restricted-syntax -- the module is the caller's own, named in an option
    const module = (await import(options.harnessModule)) as HarnessModule;
    const harness = await module.openHarness(callSignal);
    return { harness, deviceEndsWithUs: true, close: () => harness.close() };
  }
  const { source, timeoutMs, what } = chooseSource(options);
  const key = JSON.stringify([options.serials, options.release, options.vmm]);
  const session = await withDeadline(what, { timeoutMs }, (signal) => borrowDevice(key, source, { signal, record }));
  const { apks, androidTest } = options;
  try {
    const harness = await withDeadline(
      `${session.description} to get the suite's files`,
      { timeoutMs: PROVISION_TIMEOUT_MS, signal: session.device.gone },
      (signal) =>
        openHarness(session, {
          provision: { root: rootDir, apks, androidTest, signal },
          removeLeftVms: true,
          callSignal,
        }),
    );
    const close = async (): Promise<void> => {
      const what = `${session.description} to be given back`;
      await withDeadline(what, { timeoutMs: CLOSE_TIMEOUT_MS }, () => harness.close()).finally(() =>
        returnDevice(session),
      );
    };
    return { harness, deviceEndsWithUs: session.keepBetweenFiles, close };
  } catch (error) {
    await returnDevice(session);
    throw error;
  }
}

function chooseSource(options: EnvironmentOptions): {
  readonly source: DeviceSource;
  readonly timeoutMs: number;
  readonly what: string;
} {
  const progress = plainProgress();
  const { serials, leaseTimeoutMs, release, vmm } = options;
  if (serials.length === 0) {
    const source = emulatedDevices(release, progress, vmm);
    return { source, timeoutMs: DEVICE_TIMEOUT_MS, what: "an emulated device" };
  }
  const slot = Number(process.env["JEST_WORKER_ID"] ?? 1) - 1;
  const source = attachedDevices(serials, {
    runId: `jest ${process.pid}`,
    timeoutMs: leaseTimeoutMs,
    slot,
    onWait: (message) => progress.step(message),
  });
  return { source, timeoutMs: leaseTimeoutMs + OPEN_TIMEOUT_MS, what: `device ${serials.join(" or ")}` };
}
