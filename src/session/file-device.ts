/**
 * The device of one test file, and the suite's apps on it: leased and filled when a test first asks, so that a file that
 * never asks waits for none. Each step has a deadline: Jest sets none here.
 */
import type { RunRecord } from "../artifacts/run-record.js";
import { withDeadline } from "../base/deadline.js";
import type { DeviceFacts } from "../lab/requirements/index.js";
import type { Busy } from "../lab/watch/recorded-calls.js";
import type { DeviceSession } from "../lab/device-session.js";
import { openHarness, type Harness } from "../lab/harness.js";
import { borrowDevice, returnDevice } from "../lab/device-pool.js";
import { chooseSource } from "./device-choice.js";
import { checkFiles } from "../provisioning/index.js";
import type { EnvironmentOptions } from "./options.js";
import { callSignal, whileCalling } from "./calls/test-context.js";

const PROVISION_TIMEOUT_MS = 10 * 60_000;
const CLOSE_TIMEOUT_MS = 60_000;

/** What a module named by `harnessModule` exports. */
interface HarnessModule {
  openHarness(callSignal: () => AbortSignal | undefined, busy: Busy): Promise<Harness>;
}

export class FileDevice {
  /** Nothing on the device needs to be removed when this process ends. */
  readonly endsWithUs: boolean;
  #session: Promise<DeviceSession> | undefined;
  #harness: Promise<Harness> | undefined;
  #opened: Harness | undefined;
  #failure: { readonly error: unknown } | undefined;
  #closing: Promise<void> | undefined;

  /** @param onOpened called with each harness before it is used */
  constructor(
    private readonly options: EnvironmentOptions,
    private readonly rootDir: string,
    private readonly record: RunRecord,
    private readonly onOpened: (harness: Harness) => void,
  ) {
    this.endsWithUs =
      options.harnessModule !== undefined || (options.serials.length === 0 && options.devices === undefined);
  }

  /** What there is now: undefined when nobody asked yet, or when it could not be opened. */
  get opened(): Harness | undefined {
    return this.#opened;
  }

  /** Why it could not be opened. */
  get failure(): { readonly error: unknown } | undefined {
    return this.#failure;
  }

  /** Opens it, or hands out what is open. A failure is kept: the file's next tests need not wait for it again. */
  async open(): Promise<Harness> {
    if (this.#failure !== undefined) throw this.#failure.error;
    return (this.#harness ??= this.#keepFailure(this.#open()));
  }

  /** What the device has, for requirements. Leases it, but puts nothing on it. */
  async facts(): Promise<DeviceFacts> {
    if (this.options.harnessModule !== undefined) return (await this.open()).facts;
    if (this.#failure !== undefined) throw this.#failure.error;
    return (await this.#keepFailure(this.#borrow())).facts;
  }

  /** For another attempt: forgets a failure, and a device that went away. */
  async renew(): Promise<void> {
    this.#failure = undefined;
    if (this.#opened?.device.gone.aborted !== true) return;
    await this.#giveBack();
  }

  /** The file is over. Repeatable. */
  close(): Promise<void> {
    return (this.#closing ??= this.#giveBack());
  }

  async #open(): Promise<Harness> {
    this.#opened = await this.#openHarness();
    this.onOpened(this.#opened);
    return this.#opened;
  }

  async #openHarness(): Promise<Harness> {
    const { harnessModule, apks, androidTest } = this.options;
    if (harnessModule !== undefined) {
      // eslint-disable-next-line no-restricted-syntax -- the module is the caller's own, named in an option
      return ((await import(harnessModule)) as HarnessModule).openHarness(callSignal, whileCalling);
    }
    await checkFiles({ root: this.rootDir, apks, androidTest });
    const session = await this.#borrow();
    return withDeadline(
      `${session.description} to get the suite's files`,
      { timeoutMs: PROVISION_TIMEOUT_MS, signal: session.device.gone },
      (signal) =>
        openHarness(session, {
          provision: { root: this.rootDir, apks, androidTest, signal },
          removeLeftVms: true,
          callSignal,
          busy: whileCalling,
        }),
    );
  }

  #borrow(): Promise<DeviceSession> {
    const { record } = this;
    const pristine = this.options.isolation !== "worker" || this.options.repeat;
    const { source, timeoutMs, what, key } = chooseSource(this.options);
    return (this.#session ??= withDeadline(what, { timeoutMs }, (signal) =>
      borrowDevice(key, source, { signal, record, pristine }),
    ));
  }

  async #keepFailure<T>(opening: Promise<T>): Promise<T> {
    try {
      return await opening;
    } catch (error) {
      this.#failure = { error };
      // It is this promise that failed: to wait for it here would be for ever.
      this.#harness = undefined;
      await this.#giveBack().catch(() => undefined);
      throw error;
    }
  }

  /** Both parts are taken apart even when the first fails. */
  async #giveBack(): Promise<void> {
    const [opening, borrowing] = [this.#harness, this.#session];
    this.#harness = undefined;
    this.#session = undefined;
    this.#opened = undefined;
    const harness = await opening?.catch(() => undefined);
    const session = await borrowing?.catch(() => undefined);
    const what = `${session?.description ?? "the device"} to be given back`;
    try {
      if (harness) await withDeadline(what, { timeoutMs: CLOSE_TIMEOUT_MS }, () => harness.close());
    } finally {
      if (session) await returnDevice(session);
    }
  }
}
