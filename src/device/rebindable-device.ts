/** A device that goes on while the connection to it is replaced: one that is put back to what was saved of it. */
import type { CommandResult } from "../process/run.js";
import type { Device, DeviceCallOptions, DeviceExecOptions, DeviceProcess, PortForward } from "./contract.js";

export class RebindableDevice implements Device {
  readonly #gone = new AbortController();
  readonly #left = new WeakSet<Device>();
  #inner: Device;

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

  /** Closes the connection with all that hangs on it, lets `work` do what it will to the device, and opens another. */
  async rebind(work: () => Promise<void>, open: () => Promise<Device>): Promise<void> {
    const old = this.#inner;
    this.#left.add(old);
    try {
      await old.close();
      await work();
      this.#inner = await open();
      this.#watch(this.#inner);
    } catch (error) {
      this.#gone.abort(error);
      throw error;
    }
  }

  exec(argv: readonly string[], options?: DeviceExecOptions): Promise<CommandResult> {
    return this.#inner.exec(argv, options);
  }

  execUnchecked(argv: readonly string[], options?: DeviceExecOptions): Promise<CommandResult> {
    return this.#inner.execUnchecked(argv, options);
  }

  spawn(argv: readonly string[]): DeviceProcess {
    return this.#inner.spawn(argv);
  }

  push(source: string | Uint8Array, path: string, options?: DeviceCallOptions & { mode?: number }): Promise<void> {
    return this.#inner.push(source, path, options);
  }

  readFile(path: string, options?: DeviceCallOptions & { maxBytes?: number }): Promise<Buffer | undefined> {
    return this.#inner.readFile(path, options);
  }

  pull(remotePath: string, localPath: string, options?: DeviceCallOptions): Promise<void> {
    return this.#inner.pull(remotePath, localPath, options);
  }

  installApk(localPath: string, options?: DeviceCallOptions): Promise<void> {
    return this.#inner.installApk(localPath, options);
  }

  packagePath(packageName: string, options?: DeviceCallOptions): Promise<string | undefined> {
    return this.#inner.packagePath(packageName, options);
  }

  uninstall(packageName: string, options?: DeviceCallOptions): Promise<void> {
    return this.#inner.uninstall(packageName, options);
  }

  forward(remote: string, options?: DeviceCallOptions): Promise<PortForward> {
    return this.#inner.forward(remote, options);
  }

  getProperties(options?: DeviceCallOptions): Promise<ReadonlyMap<string, string>> {
    return this.#inner.getProperties(options);
  }

  close(): Promise<void> {
    return this.#inner.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #watch(inner: Device): void {
    const tell = (): void => {
      if (!this.#left.has(inner)) this.#gone.abort(inner.gone.reason);
    };
    if (inner.gone.aborted) tell();
    else inner.gone.addEventListener("abort", tell, { once: true });
  }
}
