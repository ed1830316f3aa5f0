/** A device behind the adb server: phone, Cuttlefish or emulated, all the same from here. */
import type { Socket } from "node:net";
import { CommandFailedError, type CommandResult } from "../../process/run.js";
import { sharedController } from "../../base/async/shared-signal.js";
import { UsageError } from "../../base/errors.js";
import type {
  Device,
  DeviceCallOptions,
  ForwardOptions,
  DeviceExecOptions,
  DeviceProcess,
  PortForward,
  ShortCommandResult,
} from "../contract.js";
import { deviceClosed } from "../device-closed.js";
import { attachCommand } from "./shell/attached-command.js";
import { connectSocket, openService } from "./server/connect-socket.js";
import { connectVsock } from "./forward/connect-vsock.js";
import { AdbConnection } from "./server/connection.js";
import { pullFile, pushFile, readRemoteFile } from "./files/files.js";
import { openForward } from "./forward/forward.js";
import { sweepForwards } from "./notes/forward-records.js";
import { KeptShells } from "./shell/kept-shells.js";
import { findPackage, installPackage, uninstallPackage } from "./packages.js";
import { parseProperties } from "./properties.js";
import { restartAdbd } from "./restart-adbd.js";
import { openAdbServer } from "./server/server.js";
import { runOnDevice } from "./shell/shell.js";
import { sweepPullDrafts } from "./notes/pull-drafts.js";
import { sweepTemporaries } from "./notes/temporaries.js";
import { trackDevice } from "./server/tracking.js";

const RESTART_TIMEOUT_MS = 60_000;

export interface OpenAdbDeviceOptions {
  /** How long adb may take to list the device; it must be there already (see `connectTcpDevice`). Default: 15 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** Called when adbd was restarted (`setRoot`), before anything else is: what was attached to the device is not any more. */
  readonly onRestart?: ((device: Device, signal?: AbortSignal) => Promise<void>) | undefined;
}

/** Opens a device that adb lists. Fails with the reason when it is absent, offline or unauthorized. */
export async function openAdbDevice(serial: string, options: OpenAdbDeviceOptions = {}): Promise<Device> {
  if (!/^[\x21-\x7e]{1,200}$/.test(serial) || serial.startsWith("-")) {
    throw new UsageError("SERIAL", `Not a device serial: ${JSON.stringify(serial)}`, {
      hint: "adb devices -l lists the serials that adb knows",
    });
  }
  const server = await openAdbServer();
  await sweepForwards(server);
  const wait = { timeoutMs: options.timeoutMs ?? 15_000, signal: options.signal };
  const connection = new AdbConnection(server, serial, await trackDevice(server, serial, wait));
  await sweepTemporaries(connection);
  await sweepPullDrafts();
  return new AdbDevice(connection, options.onRestart);
}

class AdbDevice implements Device {
  readonly #gone = sharedController();
  readonly #attached = new Set<DeviceProcess>();
  readonly #forwards = new Set<PortForward>();
  readonly #connected = new Set<Socket>();
  readonly #onRestart: OpenAdbDeviceOptions["onRestart"];
  #connection: AdbConnection;
  #shells: KeptShells;
  #closing: Promise<void> | undefined;
  /** Of a restart that did not end well. */
  #failure: Error | undefined;
  #restarting = false;

  constructor(connection: AdbConnection, onRestart: OpenAdbDeviceOptions["onRestart"]) {
    this.#connection = connection;
    this.#onRestart = onRestart;
    this.#shells = new KeptShells(connection);
    this.#watch();
  }

  get serial(): string {
    return this.#connection.serial;
  }

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  async exec(argv: readonly string[], options?: DeviceExecOptions): Promise<CommandResult> {
    const result = await this.execUnchecked(argv, options);
    if (result.exitCode === 0) return result;
    // With an exit code it ran on a device that is there; without one the adb program on this host did not do its work.
    const kind = result.exitCode === undefined ? "infrastructure" : "expectation";
    throw new CommandFailedError(result, { serial: this.serial, kind });
  }

  async execUnchecked(argv: readonly string[], options?: DeviceExecOptions): Promise<CommandResult> {
    this.#assertOpen();
    return runOnDevice(this.#connection, argv, options);
  }

  async execShort(argv: readonly string[], options?: DeviceCallOptions): Promise<ShortCommandResult> {
    this.#assertOpen();
    return this.#shells.run(argv, options);
  }

  spawn(argv: readonly string[]): DeviceProcess {
    this.#assertOpen();
    const attached = attachCommand(this.#connection, argv);
    this.#attached.add(attached);
    void attached.ended.then(() => this.#attached.delete(attached));
    return attached;
  }

  async connect(address: string, options: DeviceCallOptions = {}): Promise<Socket> {
    this.#assertOpen();
    const socket = address.startsWith("vsock:")
      ? await connectVsock(this.#connection, address, (argv, call) => this.#shells.run(argv, call), options)
      : await connectSocket(this.#connection, address, options);
    if (this.#closing) {
      socket.destroy();
      this.#assertOpen();
    }
    this.#connected.add(socket);
    socket.once("close", () => this.#connected.delete(socket));
    return socket;
  }

  /** For a port that leads to it. */
  #openService(remote: string, signal: AbortSignal): Promise<Socket> {
    if (remote.startsWith("vsock:")) return this.connect(remote, { signal });
    return openService(this.#connection, remote, `${remote} on ${this.serial}`, { signal });
  }

  async push(
    source: string | Uint8Array,
    remotePath: string,
    options?: DeviceCallOptions & { mode?: number },
  ): Promise<void> {
    this.#assertOpen();
    await pushFile(this.#connection, source, remotePath, options);
  }

  async readFile(remotePath: string, options?: DeviceCallOptions & { maxBytes?: number }): Promise<Buffer | undefined> {
    this.#assertOpen();
    return readRemoteFile(this.#connection, remotePath, options);
  }

  async pull(
    remotePath: string,
    localPath: string,
    options?: DeviceCallOptions & { maxBytes?: number },
  ): Promise<void> {
    this.#assertOpen();
    await pullFile(this.#connection, remotePath, localPath, options);
  }

  async installApk(localPath: string, options?: DeviceCallOptions): Promise<void> {
    this.#assertOpen();
    await installPackage(this.#connection, localPath, options);
  }

  async packagePath(packageName: string, options?: DeviceCallOptions): Promise<string | undefined> {
    this.#assertOpen();
    return findPackage(this.#connection, packageName, options);
  }

  async uninstall(packageName: string, options?: DeviceCallOptions): Promise<void> {
    this.#assertOpen();
    await uninstallPackage(this.#connection, packageName, options);
  }

  async forward(remote: string, options?: ForwardOptions): Promise<PortForward> {
    this.#assertOpen();
    const forward = await openForward(this.#connection, remote, options, (signal) => this.#openService(remote, signal));
    const close = async (): Promise<void> => {
      this.#forwards.delete(owned);
      await forward.close();
    };
    const owned: PortForward = { ...forward, close };
    this.#forwards.add(owned);
    return owned;
  }

  async getProperties(options?: DeviceCallOptions): Promise<ReadonlyMap<string, string>> {
    return parseProperties((await this.exec(["getprop"], options)).stdout);
  }

  async setRoot(root: boolean, options: DeviceCallOptions = {}): Promise<void> {
    this.#assertOpen();
    const wait = { timeoutMs: options.timeoutMs ?? RESTART_TIMEOUT_MS, signal: options.signal };
    let isOver = false;
    const onRestart = async (): Promise<void> => {
      isOver = this.#restarting = true;
      await this.#letGo();
    };
    try {
      this.#connection = await restartAdbd(this.#connection, root, wait, onRestart);
      if (!isOver) return;
      this.#shells = new KeptShells(this.#connection);
      this.#restarting = false;
      this.#watch();
      await this.#onRestart?.(this, options.signal);
    } catch (error) {
      if (isOver) this.#gone.abort((this.#failure = error as Error));
      throw error;
    }
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await this.#letGo();
    this.#connection.tracking.close();
  }

  async #letGo(): Promise<void> {
    for (const stream of this.#connected) stream.destroy();
    await Promise.allSettled([...this.#attached].map((attached) => attached.stop()));
    await Promise.allSettled([this.#shells.close(), ...[...this.#forwards].map((forward) => forward.close())]);
  }

  /** An end that is meant is none of the device's. */
  #watch(): void {
    const connection = this.#connection;
    const tell = (): void => {
      if (!this.#restarting && this.#connection === connection) this.#gone.abort(connection.gone.reason);
    };
    if (connection.gone.aborted) tell();
    else connection.gone.addEventListener("abort", tell, { once: true });
  }

  #assertOpen(): void {
    if (this.#failure) throw this.#failure;
    if (this.#closing) throw deviceClosed(this.serial);
  }
}
