/** A device whose calls are recorded; those of tests end with the test that made them. */
import { clockMs } from "../../artifacts/clock.js";
import type { RunRecord } from "../../artifacts/run-record.js";
import { anySignal } from "../../base/async/shared-signal.js";
import { decorate } from "../../base/decorate.js";
import { describeError, isHarnessError, TimeoutError } from "../../base/errors.js";
import type { Device, DeviceCallOptions } from "../../device/contract.js";
import { describeCall, type Busy } from "./recorded-calls.js";

interface WatchOptions {
  readonly record: RunRecord | undefined;
  /** Called before each call. */
  readonly onCall?: (argv: readonly string[]) => void;
  /** Called with the path of what a call has made: a file that was pushed, a folder of `mkdir`. */
  readonly onMade?: (path: string) => void;
  /** Ends all calls, when the device is somebody else's. */
  readonly lost?: AbortSignal | undefined;
  /** The calls are those of tests. */
  readonly tests?: TestCalls;
}

/** What binds calls to the test that makes them. One that takes too long on a device that answers is the test's own failure. */
export interface TestCalls {
  /** The signal that ends calls made at this moment; undefined in hooks. */
  readonly signal: () => AbortSignal | undefined;
  /** Collects what a test started and has not ended: attached commands and forwards. */
  readonly held: Set<HeldThing>;
  /** Notes meanwhile what the test that calls is busy with. */
  readonly busy?: Busy | undefined;
}

const alone: Busy = (_what, work) => work();
const PROBE = ["true"];
const ANSWER_TIMEOUT_MS = 15_000;

/** Something that has to be ended. */
export interface HeldThing {
  /** For people. */
  readonly what: string;
  end(): Promise<void>;
}

export function watchDevice(device: Device, watch: WatchOptions): Device {
  const { record, lost, tests } = watch;
  const call = async <O extends DeviceCallOptions, T>(
    name: string,
    argv: readonly string[],
    options: O | undefined,
    work: (options: O) => Promise<T>,
  ): Promise<T> => {
    const busy = tests?.busy ?? alone;
    try {
      return await busy(`waiting in device.${describeCall(name, argv.length > 0 ? [argv] : [])}`, async () => {
        // What is over already makes no call.
        const bound = withSignal(options, tests?.signal());
        watch.onCall?.(argv);
        return recorded(record, name, argv, async () => work(withSignal(bound, lost)));
      });
    } catch (error) {
      throw tests === undefined ? error : await ofTest(error, device, watch);
    }
  };
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
    if (tests?.signal() !== undefined) tests.held.add(thing);
    return () => void tests?.held.delete(thing);
  };
  return decorate(device, {
    exec: (argv, options) =>
      call("exec", argv, options, async (bound) => noteFolder(argv, await device.exec(argv, bound))),
    execUnchecked: (argv, options) =>
      call("exec", argv, options, async (bound) => noteFolder(argv, await device.execUnchecked(argv, bound))),
    execShort: (argv, options) =>
      call("exec", argv, options, async (bound) => noteFolder(argv, await device.execShort(argv, bound))),
    spawn: (argv) => {
      tests?.signal()?.throwIfAborted();
      lost?.throwIfAborted();
      const child = device.spawn(argv);
      watch.onCall?.(argv);
      // Not a call that the test waits for: it continues beside the test.
      void recorded(record, "spawn", argv, () => child.ended);
      const letGo = hold(`attached command: ${argv.join(" ")}`, () => child.stop());
      void child.ended.then(letGo);
      return child;
    },
    connect: (path, options) =>
      call("connect", [path], options, async (bound) => {
        const stream = await device.connect(path, bound);
        stream.once(
          "close",
          hold(`connection to ${path}`, async () => void stream.destroy()),
        );
        return stream;
      }),
    push: (source, path, options) => {
      const from = typeof source === "string" ? source : `${source.length} bytes`;
      return call("push", [from, path], options, async (bound) => {
        await device.push(source, path, bound);
        watch.onMade?.(path);
      });
    },
    readFile: (path, options) => call("read", [path], options, (bound) => device.readFile(path, bound)),
    pull: (path, to, options) => call("pull", [path, to], options, (bound) => device.pull(path, to, bound)),
    installApk: (path, options) => call("install", [path], options, (bound) => device.installApk(path, bound)),
    packagePath: (name, options) => call("package-path", [name], options, (bound) => device.packagePath(name, bound)),
    uninstall: (name, options) => call("uninstall", [name], options, (bound) => device.uninstall(name, bound)),
    forward: (remote, { purpose, ...options } = {}) =>
      call("forward", [remote], options, async (bound) => {
        const forward = await device.forward(remote, bound);
        const what = purpose ?? `forward from 127.0.0.1:${forward.hostPort} to ${remote}`;
        const letGo = hold(what, () => forward.close());
        return { ...forward, close: () => forward.close().finally(letGo) };
      }),
    getProperties: (options) => call("getprop", [], options, (bound) => device.getProperties(bound)),
    setRoot: (root, options) => call(root ? "root" : "unroot", [], options, (bound) => device.setRoot(root, bound)),
  });
}

/** The device is asked, for a deadline that passed does not tell whether the command took long or never got there. */
async function ofTest(error: unknown, device: Device, { record, lost }: WatchOptions): Promise<unknown> {
  if (!isHarnessError(error) || error.code !== "TIMEOUT" || device.gone.aborted) return error;
  try {
    await recorded(record, "exec", PROBE, () =>
      device.execUnchecked(PROBE, { timeoutMs: ANSWER_TIMEOUT_MS, signal: lost }),
    );
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
