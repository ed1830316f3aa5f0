/** A monitor as a child process with the serial devices of its guest on inherited sockets. */
import { spawn } from "node:child_process";
import type { FileHandle } from "node:fs/promises";
import { PassThrough, type Duplex, type Readable } from "node:stream";
import type { VmmDisk, VmmEnd, VmmProcess } from "./contract.js";

/** Descriptors that a monitor is started with, beside 0 to 2. Disks follow in order, and its control channel, if any. */
export const MONITOR_FDS = { ttyS0: 3, failure: 4, hvc0: 5, log: 6, firstDisk: 7 } as const;

const PIPE = "pipe" as const;

export function controlFd(disks: readonly VmmDisk[]): number {
  return MONITOR_FDS.firstDisk + disks.length;
}

/** What a monitor reports about its end beside its exit code and its messages. */
export interface ControlChannel {
  /** Settles when it has said all; never rejects. */
  readonly closed: Promise<void>;
  readonly end: VmmEnd | undefined;
}

interface MonitorCommand {
  readonly program: string;
  /** `devctl`: what it starts is killed when we end, however that comes. Undefined: started without it. */
  readonly launcher: string | undefined;
  readonly args: readonly string[];
  readonly disks: readonly VmmDisk[];
  /** Files to inherit behind all others. */
  readonly more?: readonly Pick<FileHandle, "fd">[];
  readonly describeEnd: (exitCode: number | null, signal: string | null, told: VmmEnd | undefined) => VmmEnd;
  /** What a message says about its end, if that is more than the exit code. */
  readonly describeMessage?: (message: string) => VmmEnd | undefined;
  /** Takes over our end of a control channel; undefined: the monitor gets none. */
  readonly openControl?: (stream: Duplex) => ControlChannel;
}

/** A monitor whose failure port may be written to as well. */
interface MonitorProcess extends VmmProcess {
  readonly failurePort: Duplex;
}

/** Resolves once the process runs. */
export async function startMonitor(command: MonitorCommand): Promise<MonitorProcess> {
  const { program, launcher, args, disks, describeEnd, describeMessage = () => undefined, openControl } = command;
  const files = disks.map(({ file }) => file.fd);
  const more = (command.more ?? []).map(({ fd }) => fd);
  const [started = program, ...startedArgs] = [
    ...(launcher === undefined ? [] : [launcher, "bound"]),
    program,
    ...args,
  ];
  const child = spawn(started, startedArgs, {
    stdio: [
      "ignore",
      "ignore",
      "pipe",
      "pipe",
      "pipe",
      "pipe",
      "pipe",
      ...files,
      ...(openControl ? [PIPE] : []),
      ...more,
    ],
    // A group of its own: signals meant for the service must not reach a VM.
    detached: true,
  });
  const stderr = child.stdio[2] as Readable;
  // Keeps the first words for a reader who comes later: they are the ones that say why a start failed.
  const messages = stderr.pipe(new PassThrough());
  // Sockets both ways; Node's types know of five descriptors only.
  const [ttyS0, failure, hvc0, log] = child.stdio.slice(MONITOR_FDS.ttyS0) as unknown as readonly [
    Duplex,
    Duplex,
    Duplex,
    Duplex,
  ];
  const control = openControl?.(child.stdio[controlFd(disks)] as unknown as Duplex);
  let said: VmmEnd | undefined;
  stderr.on("data", (chunk: Buffer) => {
    said ??= describeMessage(chunk.toString());
    // It may wait for a debugger then, with a virtual CPU that can never continue.
    if (said?.kind === "crash") child.kill("SIGKILL");
  });
  const ended = new Promise<VmmEnd>((resolve) => {
    child.once("exit", (exitCode, signal) => {
      const settle = (): void => resolve(said ?? describeEnd(exitCode, signal, control?.end));
      void (control?.closed ?? Promise.resolve()).then(settle);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
  return {
    pid: child.pid ?? 0,
    argv: [program, ...args],
    failurePort: failure,
    streams: { ttyS0, failure, hvc0, log, messages },
    ended,
    kill: () => void child.kill("SIGKILL"),
  };
}
