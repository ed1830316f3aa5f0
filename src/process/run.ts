/** Child processes that run to their end. Arguments are arrays; no shell is ever involved. */
import { diesWithUs } from "./die-with-us.js";
import { HarnessError, type FailureKind } from "../base/errors.js";
import { formatMs } from "../base/deadline.js";

export interface RunOptions {
  /** After this the child gets SIGTERM, then SIGKILL. Default: 60 s. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  readonly cwd?: string;
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly input?: string | Uint8Array;
  /** Output beyond this is an error, so that a device cannot fill our memory. Default: 64 MiB. */
  readonly maxOutputBytes?: number;
  /** True: the kernel ends the program when this process dies, SIGKILL included. For what would continue writing files. */
  readonly diesWithUs?: boolean;
  /** Called for each chunk of stdout or stderr as it comes. */
  readonly onOutput?: (chunk: string) => void;
}

/** One shape for success and failure. */
export interface CommandResult {
  readonly argv: readonly string[];
  /** Undefined when the program was ended by a signal, or did not start. */
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly durationMs: number;
  readonly timedOut: boolean;
  readonly canceled: boolean;
  /** Why the program did not start at all, e.g. `ENOENT`. */
  readonly startFailure: string | undefined;
}

interface CommandFailedOptions {
  /** The device that the command ran on; this host where left out. */
  readonly serial?: string;
  /** Default: `infrastructure`, as for the programs of this host that the harness is built on. */
  readonly kind?: FailureKind;
}

const MAX_OUTPUT_BYTES = 64 << 20;

/** A program that did not end with exit code 0. */
export class CommandFailedError extends HarnessError {
  constructor(
    readonly result: CommandResult,
    { serial, kind = "infrastructure" }: CommandFailedOptions = {},
  ) {
    const where = serial === undefined ? "" : ` on device ${serial}`;
    super(kind, "COMMAND_FAILED", `${describeEnd(result)}${where}: ${result.argv.join(" ")}`, {
      lastLines: lastLines(result.stderr.trim() === "" ? result.stdout : result.stderr),
    });
  }
}

/** Runs to the end; throws `CommandFailedError` unless the exit code is 0. */
export async function run(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  const result = await runUnchecked(argv, options);
  if (result.exitCode !== 0) throw new CommandFailedError(result);
  return result;
}

/** Runs to the end and returns the result, whatever it is. */
export async function runUnchecked(argv: readonly string[], options: RunOptions = {}): Promise<CommandResult> {
  const [file, ...args] = options.diesWithUs === true ? [...diesWithUs(), ...argv] : argv;
  if (file === undefined) throw new Error("run() needs a program");
  // Here, because it takes longer to load than many a command that never runs a program.
  const { execa } = await import("execa");
  const child = execa(file, args, {
    reject: false,
    stripFinalNewline: false,
    timeout: options.timeoutMs ?? 60_000,
    forceKillAfterDelay: 2_000,
    maxBuffer: options.maxOutputBytes ?? MAX_OUTPUT_BYTES,
    ...(options.signal ? { cancelSignal: options.signal } : {}),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env ? { env: options.env } : {}),
    ...(options.input === undefined ? { stdin: "ignore" as const } : { input: options.input }),
  });
  if (options.onOutput) {
    const onOutput = options.onOutput;
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => onOutput(String(chunk)));
  }
  const result = await child;
  if (result.isMaxBuffer) {
    throw new HarnessError(
      "expectation",
      "TOO_MUCH_OUTPUT",
      `It printed more than ${(options.maxOutputBytes ?? MAX_OUTPUT_BYTES) >> 20} MiB: ${argv.join(" ")}`,
      { hint: "let it write to a file, or attach to it with spawn() and read as it comes" },
    );
  }
  return {
    argv,
    exitCode: result.exitCode,
    signal: result.signal,
    stdout: result.stdout,
    stderr: result.stderr,
    durationMs: result.durationMs,
    timedOut: result.timedOut,
    canceled: result.isCanceled,
    startFailure: result.exitCode === undefined && result.signal === undefined ? result.code : undefined,
  };
}

/** Last lines of some output, for error messages. */
export function lastLines(text: string, count = 12): readonly string[] {
  return text
    .trimEnd()
    .split(/\r*\n/)
    .slice(-count)
    .filter((line) => line !== "");
}

function describeEnd(result: CommandResult): string {
  if (result.canceled) return "Cancelled";
  if (result.timedOut) return `Timed out after ${formatMs(result.durationMs)}`;
  if (result.startFailure !== undefined) return `Could not start (${result.startFailure})`;
  return result.signal === undefined ? `Exit code ${String(result.exitCode)}` : `Ended by ${result.signal}`;
}
