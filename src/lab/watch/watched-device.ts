/** A device whose calls are recorded, and end with the test that made them. */
import { clockMs } from "../../artifacts/clock.js";
import type { RunRecord } from "../../artifacts/run-record.js";
import { anySignal } from "../../base/async/shared-signal.js";
import { describeError, isHarnessError, TimeoutError } from "../../base/errors.js";
import type { Device, DeviceCallOptions } from "../../device/contract.js";
import { describeCall, type Busy } from "./recorded-calls.js";

interface WatchOptions {
  readonly record: RunRecord | undefined;
  /** The signal that ends calls made at this moment. */
  readonly signal: () => AbortSignal | undefined;
  /** Collects what a test started and has not ended: attached commands and forwards. */
  readonly held?: Set<HeldThing>;
  /** Notes meanwhile what the test that calls is busy with. */
  readonly busy?: Busy | undefined;
  /** The calls are those of tests: one that takes too long on a device that answers is the test's own failure. */
  readonly ofTests?: boolean;
  /** Called before each call. */
  readonly onCall?: (argv: readonly string[]) => void;
  /** Called with the path of what a call has made: a file that was pushed, a folder of `mkdir`. */
  readonly onMade?: (path: string) => void;
}

const ANSWER_TIMEOUT_MS = 15_000;

/** Something that has to be ended. */
export interface HeldThing {
  /** For people. */
  readonly what: string;
  end(): Promise<void>;
}

export function watchDevice(device: Device, watch: WatchOptions): Device {
  const call = async <T>(name: string, argv: readonly string[], work: () => Promise<T>): Promise<T> => {
    watch.onCall?.(argv);
    const { busy = (_what, run) => run() } = watch;
    try {
      return await busy(`waiting in device.${describeCall(name, argv.length > 0 ? [argv] : [])}`, () =>
        recorded(watch.record, name, argv, work),
      );
    } catch (error) {
      throw watch.ofTests === true ? await ofTest(error, device) : error;
    }
  };
  const within = <O extends DeviceCallOptions>(options: O | undefined): O => withSignal(options, watch.signal());
  /** Without -p it succeeds only for who makes the folder. */
  const noteFolder = <R extends { readonly exitCode: number | undefined }>(argv: readonly string[], result: R): R => {
    const [program, path, ...more] = argv;
    const made = program === "mkdir" && path?.startsWith("/") === true && more.length === 0 && result.exitCode === 0;
    if (made) watch.onMade?.(path);
    return result;
  };
  /** What hooks start lives as long as the file. */
  const hold = (what: string, end: () => Promise<void>): (() => void) => {
    const thing = { what, end };
    if (watch.signal() !== undefined) watch.held?.add(thing);
    return () => void watch.held?.delete(thing);
  };
  return {
    serial: device.serial,
    gone: device.gone,
    exec: (argv, options) => call("exec", argv, async () => noteFolder(argv, await device.exec(argv, within(options)))),
    execUnchecked: (argv, options) =>
      call("exec", argv, async () => noteFolder(argv, await device.execUnchecked(argv, within(options)))),
    execShort: (argv, options) =>
      call("exec", argv, async () => noteFolder(argv, await device.execShort(argv, within(options)))),
    spawn: (argv) => {
      watch.signal()?.throwIfAborted();
      const child = device.spawn(argv);
      watch.onCall?.(argv);
      // No call that somebody waits in: it goes on beside the test.
      void recorded(watch.record, "spawn", argv, () => child.ended);
      const letGo = hold(`attached command: ${argv.join(" ")}`, () => child.stop());
      void child.ended.then(letGo);
      return child;
    },
    connect: (path, options) =>
      call("connect", [path], async () => {
        const stream = await device.connect(path, within(options));
        stream.once(
          "close",
          hold(`connection to ${path}`, async () => void stream.destroy()),
        );
        return stream;
      }),
    push: (source, path, options) => {
      const from = typeof source === "string" ? source : `${source.length} bytes`;
      return call("push", [from, path], async () => {
        await device.push(source, path, within(options));
        watch.onMade?.(path);
      });
    },
    readFile: (path, options) => call("read", [path], async () => device.readFile(path, within(options))),
    pull: (path, to, options) => call("pull", [path, to], async () => device.pull(path, to, within(options))),
    installApk: (path, options) => call("install", [path], async () => device.installApk(path, within(options))),
    packagePath: (name, options) => call("package-path", [name], async () => device.packagePath(name, within(options))),
    uninstall: (name, options) => call("uninstall", [name], async () => device.uninstall(name, within(options))),
    forward: (remote, { purpose, ...options } = {}) =>
      call("forward", [remote], async () => {
        const forward = await device.forward(remote, within(options));
        const what = purpose ?? `forward from 127.0.0.1:${forward.hostPort} to ${remote}`;
        const letGo = hold(what, () => forward.close());
        return { ...forward, close: () => forward.close().finally(letGo) };
      }),
    getProperties: (options) => call("getprop", [], async () => device.getProperties(within(options))),
    setRoot: (root, options) => call(root ? "root" : "unroot", [], async () => device.setRoot(root, within(options))),
    close: () => device.close(),
    [Symbol.asyncDispose]: () => device.close(),
  };
}

/** The device is asked, for a deadline that passed does not tell whether the command took long or never got there. */
async function ofTest(error: unknown, device: Device): Promise<unknown> {
  if (!isHarnessError(error) || error.code !== "TIMEOUT" || device.gone.aborted) return error;
  try {
    await device.execUnchecked(["true"], { timeoutMs: ANSWER_TIMEOUT_MS });
  } catch {
    return error;
  }
  const hint = "the device answers other commands: give this one more time with { timeoutMs }";
  return new TimeoutError(error.code, error.shortMessage, { cause: error, hint }, "expectation");
}

function withSignal<O extends DeviceCallOptions>(options: O | undefined, signal: AbortSignal | undefined): O {
  const both = anySignal(options?.signal, signal);
  both?.throwIfAborted();
  return { ...options, signal: both } as O;
}

async function recorded<T>(
  record: RunRecord | undefined,
  name: string,
  argv: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  const startMs = clockMs();
  const add = (exitCode: number | undefined, failure?: string): void => {
    const durationMs = clockMs() - startMs;
    const base = { kind: "device-call", call: name, argv, durationMs, exitCode } as const;
    record?.add(failure === undefined ? base : { ...base, failure }, startMs);
  };
  try {
    const result = await work();
    add(exitCodeOf(result));
    return result;
  } catch (error) {
    add(undefined, describeError(error));
    throw error;
  }
}

function exitCodeOf(result: unknown): number | undefined {
  if (typeof result !== "object" || result === null || !("exitCode" in result)) return undefined;
  return typeof result.exitCode === "number" ? result.exitCode : undefined;
}
