/** A device that goes on while the connection to it is replaced: one that is put back to what was saved of it. */
import type { Socket } from "node:net";
import { sharedController } from "../base/async/shared-signal.js";
import type { CommandResult } from "../process/run.js";
import type {
  Device,
  DeviceCallOptions,
  ForwardOptions,
  DeviceExecOptions,
  DeviceProcess,
  PortForward,
  ShortCommandResult,
} from "./contract.js";

export class RebindableDevice implements Device {
  readonly #gone = sharedController();
  readonly #left = new WeakSet<Device>();
  #inner: Device;
  #failure: Error | undefined;

  constructor(inner: Device) {
    this.#inner = inner;
    this.#watch(inner);
  }

  get serial(): string {
    return this.#inner.serial;
  }

  /** The end of a connection that was replaced is not the device's. */
  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /**
   * Closes the connection with all that hangs on it, lets `work` do what it will to the device, and opens another. When that
   * fails, calls fail with the same error until it is done again and succeeds.
   */
  async rebind(work: () => Promise<void>, open: () => Promise<Device>): Promise<void> {
    this.#left.add(this.#inner);
    try {
      await this.#inner.close();
      await work();
      this.#inner = await open();
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

  async exec(argv: readonly string[], options?: DeviceExecOptions): Promise<CommandResult> {
    return this.#bound.exec(argv, options);
  }

  async execUnchecked(argv: readonly string[], options?: DeviceExecOptions): Promise<CommandResult> {
    return this.#bound.execUnchecked(argv, options);
  }

  async execShort(argv: readonly string[], options?: DeviceCallOptions): Promise<ShortCommandResult> {
    return this.#bound.execShort(argv, options);
  }

  spawn(argv: readonly string[]): DeviceProcess {
    return this.#bound.spawn(argv);
  }

  async connect(address: string, options?: DeviceCallOptions): Promise<Socket> {
    return this.#bound.connect(address, options);
  }

  async push(
    source: string | Uint8Array,
    path: string,
    options?: DeviceCallOptions & { mode?: number },
  ): Promise<void> {
    return this.#bound.push(source, path, options);
  }

  async readFile(path: string, options?: DeviceCallOptions & { maxBytes?: number }): Promise<Buffer | undefined> {
    return this.#bound.readFile(path, options);
  }

  async pull(
    remotePath: string,
    localPath: string,
    options?: DeviceCallOptions & { maxBytes?: number },
  ): Promise<void> {
    return this.#bound.pull(remotePath, localPath, options);
  }

  async installApk(localPath: string, options?: DeviceCallOptions): Promise<void> {
    return this.#bound.installApk(localPath, options);
  }

  async packagePath(packageName: string, options?: DeviceCallOptions): Promise<string | undefined> {
    return this.#bound.packagePath(packageName, options);
  }

  async uninstall(packageName: string, options?: DeviceCallOptions): Promise<void> {
    return this.#bound.uninstall(packageName, options);
  }

  async forward(remote: string, options?: ForwardOptions): Promise<PortForward> {
    return this.#bound.forward(remote, options);
  }

  async getProperties(options?: DeviceCallOptions): Promise<ReadonlyMap<string, string>> {
    return this.#bound.getProperties(options);
  }

  async setRoot(root: boolean, options?: DeviceCallOptions): Promise<void> {
    return this.#bound.setRoot(root, options);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  get #bound(): Device {
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
