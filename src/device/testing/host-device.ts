/**
 * A device whose commands run on this host, for unit tests of what is built on devices: real shells and real utilities,
 * no adb. Paths are the host's.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { randomBytes } from "node:crypto";
import { copyFile, mkdir, readFile, rename, writeFile, chmod } from "node:fs/promises";
import { dirname } from "node:path";
import { CommandFailedError, runUnchecked, type CommandResult } from "../../process/run.js";
import type {
  Device,
  DeviceCallOptions,
  DeviceExecOptions,
  DeviceProcess,
  PortForward,
  ShortCommandResult,
} from "../contract.js";

interface HostDeviceOptions {
  /** Programs by the name under which tests call them, e.g. `{ pm: "/tmp/x/pm" }`. */
  readonly programs?: Readonly<Record<string, string>>;
  /** Folder of this host that stands for the device's root: `/data/…` lies in it. */
  readonly root?: string;
}

export class HostDevice implements Device {
  readonly serial = "host";
  readonly #gone = new AbortController();
  readonly #attached = new Set<DeviceProcess>();
  /** Commands as they were called, in order. */
  readonly calls: (readonly string[])[] = [];

  constructor(private readonly options: HostDeviceOptions = {}) {}

  get gone(): AbortSignal {
    return this.#gone.signal;
  }

  /** As if the cable were pulled: attached commands end, and so does everything that waits. */
  async vanish(reason: Error): Promise<void> {
    this.#gone.abort(reason);
    await this.close();
  }

  async exec(argv: readonly string[], options?: DeviceExecOptions): Promise<CommandResult> {
    const result = await this.execUnchecked(argv, options);
    if (result.exitCode !== 0) throw new CommandFailedError(result, { kind: "expectation" });
    return result;
  }

  async execUnchecked(argv: readonly string[], options: DeviceExecOptions = {}): Promise<CommandResult> {
    this.gone.throwIfAborted();
    this.calls.push(argv);
    const result = await runUnchecked(this.#command(argv), options);
    // As adb's calls, which have no result then.
    if (result.canceled) options.signal?.throwIfAborted();
    if (result.startFailure === "ENOENT") return { ...result, exitCode: 127, stderr: `${argv[0] ?? ""}: not found\n` };
    return this.options.root === undefined
      ? result
      : { ...result, stdout: result.stdout.replaceAll(this.options.root, "") };
  }

  async execShort(argv: readonly string[], options?: DeviceCallOptions): Promise<ShortCommandResult> {
    const { exitCode = 255, stdout, stderr, durationMs } = await this.execUnchecked(argv, options);
    return { argv, exitCode, output: `${stdout}${stderr}`.replace(/\n+$/, ""), durationMs };
  }

  spawn(argv: readonly string[]): DeviceProcess {
    this.calls.push(argv);
    const [file = "", ...args] = this.#command(argv);
    const child = spawn(file, args, { stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => undefined);
    const ended = new Promise<{ exitCode: number | undefined }>((resolve) => {
      child.once("error", () => resolve({ exitCode: 127 }));
      child.once("exit", (code) => resolve({ exitCode: code ?? undefined }));
    });
    const stop = async (): Promise<void> => {
      child.kill("SIGHUP");
      await ended;
    };
    const attached = { argv, stdin: child.stdin, stdout: child.stdout, stderr: child.stderr, ended, stop };
    this.#attached.add(attached);
    void ended.then(() => this.#attached.delete(attached));
    return attached;
  }

  async connect(path: string): Promise<Socket> {
    const socket = connect(this.#onHost(path));
    await once(socket, "connect");
    return socket;
  }

  async push(source: string | Uint8Array, remotePath: string, options?: { mode?: number }): Promise<void> {
    const path = this.#onHost(remotePath);
    await mkdir(dirname(path), { recursive: true });
    const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
    if (typeof source === "string") await copyFile(source, temporary);
    else await writeFile(temporary, source);
    if (options?.mode !== undefined) await chmod(temporary, options.mode);
    await rename(temporary, path);
  }

  async readFile(remotePath: string): Promise<Buffer | undefined> {
    return readFile(this.#onHost(remotePath)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
  }

  async pull(remotePath: string, localPath: string): Promise<void> {
    await copyFile(this.#onHost(remotePath), localPath);
  }

  async installApk(localPath: string): Promise<void> {
    await this.exec(["pm", "install", localPath]);
  }

  async packagePath(packageName: string): Promise<string | undefined> {
    const { stdout } = await this.execUnchecked(["pm", "path", packageName]);
    return /^package:(.*)$/m.exec(stdout)?.[1];
  }

  async uninstall(packageName: string): Promise<void> {
    await this.exec(["pm", "uninstall", packageName]);
  }

  async forward(remote: string): Promise<PortForward> {
    const hostPort = Number(/^tcp:(\d+)$/.exec(remote)?.[1]);
    return { hostPort, remote, close: async () => undefined };
  }

  async getProperties(): Promise<ReadonlyMap<string, string>> {
    return new Map();
  }

  async setRoot(root: boolean): Promise<void> {
    await this.exec(["adb", root ? "root" : "unroot"]);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#attached].map((attached) => attached.stop()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #command(argv: readonly string[]): readonly string[] {
    // Also where a shell is to run them.
    const { programs = {} } = this.options;
    const [name = "", ...args] = argv.map((argument) => programs[argument] ?? argument);
    return [name, ...args.map((argument) => this.#onHost(argument))];
  }

  #onHost(text: string): string {
    const { root } = this.options;
    return root === undefined ? text : text.replaceAll(/(?<![\w/])\/data\//g, `${root}/data/`);
  }
}
