/** A device that stays usable while the connection to it is replaced, as by the restore of a checkpoint. */
import { AsyncLock } from "../base/async/async-lock.js";
import { sharedController } from "../base/async/shared-signal.js";
import { decorate } from "../base/decorate.js";
import { isHarnessError } from "../base/errors.js";
import type { Device } from "./contract.js";
import { deviceClosed } from "./device-closed.js";

export class RebindableDevice {
  /** Stays the same. Its calls go to the connection of the time. */
  readonly device: Device;
  readonly #gone = sharedController();
  readonly #left = new WeakSet<Device>();
  readonly #reasons = new WeakMap<Device, Promise<Error | undefined>>();
  readonly #turns = new AsyncLock();
  #inner: Device;
  #failure: Error | undefined;
  #isClosed = false;

  /** @param whyGone what is known of a device that adb lost, by whoever runs it; undefined: nothing more than adb says. Never rejects */
  constructor(
    inner: Device,
    private readonly whyGone?: () => Promise<Error | undefined>,
  ) {
    this.#inner = inner;
    this.#watch(inner);
    const replaced = {
      // The end of a connection that was replaced is not the device's.
      gone: this.#gone.signal,
      spawn: (argv: readonly string[]) => this.#bound().spawn(argv),
      close: () => this.#close(),
      [Symbol.asyncDispose]: () => this.#close(),
    };
    const around = async <T>(call: () => Promise<T>): Promise<T> => {
      const bound = this.#bound();
      try {
        return await call();
      } catch (error) {
        throw await this.#explain(error, bound);
      }
    };
    this.device = decorate(inner, replaced, { around, current: () => this.#inner });
  }

  /**
   * Closes the connection with all that hangs on it, lets `work` do what it will to the device, and opens another. When that
   * fails, calls fail with the same error until it is done again and succeeds.
   */
  rebind(work: () => Promise<void>, open: () => Promise<Device>): Promise<void> {
    // One after the other: a test that timed out may have left one under way.
    return this.#turns.run(() => this.#rebind(work, open));
  }

  async #rebind(work: () => Promise<void>, open: () => Promise<Device>): Promise<void> {
    // What came before may have taken so long that the device was given back.
    if (this.#isClosed) throw deviceClosed(this.#inner.serial);
    this.#left.add(this.#inner);
    try {
      await this.#inner.close();
      await work();
      const opened = await open();
      if (this.#isClosed) {
        await opened.close();
        throw deviceClosed(opened.serial);
      }
      this.#inner = opened;
      this.#failure = undefined;
      this.#watch(this.#inner);
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  /** What waits on the device ends: it is no longer ours. */
  giveUp(reason: Error): void {
    this.#gone.abort(reason);
  }

  #close(): Promise<void> {
    this.#isClosed = true;
    return this.#inner.close();
  }

  #bound(): Device {
    if (this.#failure) throw this.#failure;
    return this.#inner;
  }

  #watch(inner: Device): void {
    const tell = (reason: unknown): void => {
      if (!this.#left.has(inner)) this.#gone.abort(reason);
    };
    const explain = async (): Promise<void> => tell((await this.#why(inner)) ?? inner.gone.reason);
    const onGone = (): void => (this.whyGone === undefined ? tell(inner.gone.reason) : void explain());
    if (inner.gone.aborted) onGone();
    else inner.gone.addEventListener("abort", onGone, { once: true });
  }

  /** A connection that broke: the device may have ended. Everything else is about the call. */
  async #explain(error: unknown, inner: Device): Promise<unknown> {
    const isBroken = isHarnessError(error) && error.kind === "infrastructure" && error.code !== "TIMEOUT";
    return isBroken ? ((await this.#why(inner)) ?? error) : error;
  }

  /** Of a connection that is over it is asked once: cleaning up makes many calls. */
  #why(inner: Device): Promise<Error | undefined> {
    const asked = this.#reasons.get(inner) ?? this.whyGone?.() ?? Promise.resolve(undefined);
    if (inner.gone.aborted) this.#reasons.set(inner, asked);
    return asked;
  }
}
