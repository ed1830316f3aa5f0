/** What the harness needs of a device, whatever it is: a phone, Cuttlefish, or the emulated device. */
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { CommandResult } from "../process/run.js";

export interface DeviceCallOptions {
  /** Default: 30 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

export interface DeviceExecOptions extends DeviceCallOptions {
  readonly input?: string | Uint8Array;
}

/** End of a command that ran in a shell kept for short ones. */
export interface ShortCommandResult {
  readonly argv: readonly string[];
  readonly exitCode: number;
  /** What it printed to stdout and stderr, in the order in which it did, without line breaks at the end. */
  readonly output: string;
  readonly durationMs: number;
}

/** A command that runs on the device for as long as we stay attached. */
export interface DeviceProcess {
  readonly argv: readonly string[];
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  /** Exit code on the device; undefined when the connection ended first (device gone, or `stop()`). Never rejects. */
  readonly ended: Promise<{ readonly exitCode: number | undefined }>;
  /** Detaches, which ends the command on the device (adb hangs up on it). Repeatable. */
  stop(): Promise<void>;
}

export interface ForwardOptions extends DeviceCallOptions {
  /** What to call it when a test leaves it behind. Default: its ends. */
  readonly purpose?: string | undefined;
  /**
   * Who connects to the port: a program of this host (default), or the adb server, as for `adb connect`. That makes a
   * difference where the server runs on another host.
   */
  readonly dialledBy?: "host" | "adb" | undefined;
}

export interface PortForward {
  /** Port on 127.0.0.1 of this host; of the adb server's for what that dials. */
  readonly hostPort: number;
  readonly remote: string;
  close(): Promise<void>;
}

export interface Device {
  readonly serial: string;
  /** Aborted with the reason when the device went away; waits on the device end with it. */
  readonly gone: AbortSignal;
  /** Runs a command; each argument is quoted once, here. Throws `CommandFailedError` unless it exits with 0. */
  exec(argv: readonly string[], options?: DeviceExecOptions): Promise<CommandResult>;
  /** The same, returning the result whatever it is. */
  execUnchecked(argv: readonly string[], options?: DeviceExecOptions): Promise<CommandResult>;
  /**
   * Runs a command that ends soon, reads nothing, leaves nothing running, and prints little, and only text: in a shell that
   * is kept for such commands, several times as fast as `execUnchecked`. Returns the result whatever the exit code is. Fails
   * with `TOO_MUCH_OUTPUT` beyond 4 MiB, and with `COMMAND_CUT_OFF` when the shell or the connection ended first.
   */
  execShort(argv: readonly string[], options?: DeviceCallOptions): Promise<ShortCommandResult>;
  /** Starts a command and stays attached to it. */
  spawn(argv: readonly string[]): DeviceProcess;
  /**
   * Connects to a Unix socket of the device, by its path, to a port of its loopback address, `tcp:<port>`, or to one of a
   * guest, `vsock:<cid>:<port>`. Whoever connects
   * ends it; it ends with the handle as well. Fails with `VSOCK_REFUSED` when nothing in the guest accepts it.
   */
  connect(address: string, options?: DeviceCallOptions): Promise<Socket>;
  /** Copies a host file, or bytes, to the device; written to a temporary name there and renamed. */
  push(source: string | Uint8Array, remotePath: string, options?: DeviceCallOptions & { mode?: number }): Promise<void>;
  /** Whole content of a file on the device; undefined when there is none. Refuses more than `maxBytes` (64 MiB). */
  readFile(remotePath: string, options?: DeviceCallOptions & { maxBytes?: number }): Promise<Buffer | undefined>;
  /** Copies a file of the device to the host: whole, or not at all. Refuses more than `maxBytes` (1 GiB). */
  pull(remotePath: string, localPath: string, options?: DeviceCallOptions & { maxBytes?: number }): Promise<void>;
  /** Installs or reinstalls an APK (`pm install -r -t`). */
  installApk(localPath: string, options?: DeviceCallOptions): Promise<void>;
  /** Path on the device of an installed package's base APK; undefined when it is not installed. */
  packagePath(packageName: string, options?: DeviceCallOptions): Promise<string | undefined>;
  uninstall(packageName: string, options?: DeviceCallOptions): Promise<void>;
  /**
   * Forwards a free port of 127.0.0.1 to `tcp:<n>` or `vsock:<cid>:<port>` of the device. adb accepts connections to it by
   * itself: one that is refused behind it ends at once.
   */
  forward(remote: string, options?: ForwardOptions): Promise<PortForward>;
  /** All system properties. */
  getProperties(options?: DeviceCallOptions): Promise<ReadonlyMap<string, string>>;
  /**
   * Restarts adbd as root or as shell (`adb root`, `adb unroot`), unless it is that already. All that hangs on its connections
   * ends: attached commands, with them VMs that they run, and forwards. Fails with `ADB_ROOT` where adbd refuses, as on a user
   * build. Default of `timeoutMs`: 60 s.
   */
  setRoot(root: boolean, options?: DeviceCallOptions): Promise<void>;
  /** Closes forwards and attached commands of ours. The device itself keeps running. Repeatable. */
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
