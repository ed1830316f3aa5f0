/** Child processes that live beside us until we end them. None of them outlives this process, not even after SIGKILL. */
import { spawn, type ChildProcess } from "node:child_process";
import { formatMs, sleep } from "../base/deadline.js";
import { InfrastructureError } from "../base/errors.js";
import { diesWithUs } from "./die-with-us.js";

interface OwnedProcessOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** As in `child_process.spawn`; default: stdin ignored, stdout and stderr piped. */
  readonly stdio?: ("ignore" | "pipe" | "inherit" | number)[];
  /** True for a process that is meant to outlive us (a detached device): it gets a session of its own. */
  readonly detached?: boolean;
  /** True for a process that puts in order what we leave when we die: as `detached`, but known as one of ours meanwhile. */
  readonly guards?: boolean;
}

export interface ProcessEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Set when the program could not be started. */
  readonly startFailure?: Error;
}

export interface OwnedProcess {
  readonly argv: readonly string[];
  readonly pid: number | undefined;
  readonly child: ChildProcess;
  /** Settles once, never rejects. */
  readonly ended: Promise<ProcessEnd>;
  /**
   * SIGTERM, then SIGKILL after `graceMs`; settles when the process is gone. Repeatable.
   * @throws InfrastructureError `PROCESS_STAYS` when it outlives SIGKILL, as one does that hangs in the kernel
   */
  stop(graceMs?: number): Promise<ProcessEnd>;
  /** The same, with SIGKILL at once. */
  endAtOnce(): Promise<ProcessEnd>;
}

/** The kernel takes some time to free gigabytes. */
const KILL_TIMEOUT_MS = 30_000;

const living = new Set<ChildProcess>();
const guardians = new Set<ChildProcess>();
let exitHookInstalled = false;

/**
 * Starts a process in the background. The kernel ends it when this process dies (`diesWithUs`), and an exit handler does
 * where that is not available.
 */
export function spawnOwned(argv: readonly string[], options: OwnedProcessOptions = {}): OwnedProcess {
  const outlivesUs = options.detached === true || options.guards === true;
  const bound = outlivesUs ? argv : [...diesWithUs(), ...argv];
  const [file = "", ...args] = bound;
  const child = spawn(file, args, {
    stdio: options.stdio ?? ["ignore", "pipe", "pipe"],
    detached: outlivesUs,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env ? { env: options.env } : {}),
  });
  if (!outlivesUs) keepUntilExit(child);
  if (options.guards === true) guardians.add(child);
  const ended = new Promise<ProcessEnd>((resolve) => {
    child.once("error", (startFailure) => resolve({ exitCode: null, signal: null, startFailure }));
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  }).finally(() => {
    living.delete(child);
    guardians.delete(child);
  });
  const started = { argv, child, ended };
  return {
    ...started,
    pid: child.pid,
    stop: (graceMs = 2_000) => stop(started, graceMs),
    endAtOnce: () => endAtOnce(started),
  };
}

/** Those that end with this process, and have an owner that sees to it; and those that see to things when it dies. */
export function ownedPids(): ReadonlySet<number> {
  return new Set([...living, ...guardians].flatMap(({ pid }) => (pid === undefined ? [] : [pid])));
}

type Started = Pick<OwnedProcess, "argv" | "ended"> & { readonly child: Pick<ChildProcess, "pid" | "kill" | "unref"> };

async function stop(process: Started, graceMs: number): Promise<ProcessEnd> {
  process.child.kill("SIGTERM");
  return (await endWithin(process, graceMs)) ?? endAtOnce(process);
}

/** Exported for tests: no process of theirs outlives SIGKILL. */
export async function endAtOnce(process: Started, timeoutMs = KILL_TIMEOUT_MS): Promise<ProcessEnd> {
  const { argv, child } = process;
  child.kill("SIGKILL");
  const end = await endWithin(process, timeoutMs);
  if (end !== undefined) return end;
  // This process must be able to end without it.
  child.unref();
  const what = `Process ${child.pid} (${argv[0] ?? ""}) is there ${formatMs(timeoutMs)} after SIGKILL.`;
  throw new InfrastructureError("PROCESS_STAYS", what, {
    hint: `it hangs in the kernel, as on a disk or network share that does not answer: see /proc/${child.pid}/stack`,
  });
}

async function endWithin({ ended }: Started, timeoutMs: number): Promise<ProcessEnd | undefined> {
  const timer = new AbortController();
  try {
    return await Promise.race([ended, sleep(timeoutMs, timer.signal).then(() => undefined)]);
  } finally {
    timer.abort();
  }
}

function keepUntilExit(child: ChildProcess): void {
  living.add(child);
  if (exitHookInstalled) return;
  exitHookInstalled = true;
  // Jest ends with process.exit on a signal and runs no teardown: this is the last moment we get.
  process.on("exit", () => {
    for (const process of living) process.kill("SIGKILL");
  });
}
