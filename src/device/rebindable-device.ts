/** A device that stays usable while the connection to it is replaced, as by the restore of a checkpoint. */
import { AsyncLock } from "../base/async/async-lock.js";
import { sharedController } from "../base/async/shared-signal.js";
import { decorate } from "../base/decorate.js";
import { UsageError } from "../base/errors.js";
import type { Device } from "./contract.js";

export class RebindableDevice {
  /** Stays the same. Its calls go to the connection of the time. */
  readonly device: Device;
  readonly #gone = sharedController();
  readonly #left = new WeakSet<Device>();
  readonly #turns = new AsyncLock();
  #inner: Device;
  #failure: Error | undefined;
  #isClosed = false;

  constructor(inner: Device) {
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
      this.#bound();
      return call();
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
    if (this.#isClosed) throw closed(this.#inner);
    this.#left.add(this.#inner);
    try {
      await this.#inner.close();
      await work();
      const opened = await open();
      if (this.#isClosed) {
        await opened.close();
        throw closed(opened);
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
    const tell = (): void => {
      if (!this.#left.has(inner)) this.#gone.abort(inner.gone.reason);
    };
    if (inner.gone.aborted) tell();
    else inner.gone.addEventListener("abort", tell, { once: true });
  }
}

function closed({ serial }: Device): UsageError {
  return new UsageError("DEVICE_CLOSED", `The handle of device ${serial} was closed.`);
}
