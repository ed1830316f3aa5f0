/**
 * What this process holds beyond a test file, and its release when the process ends. Jest runs no teardown of its own on
 * a signal, and lets workers live on when their parent was killed.
 */
import { constants, totalmem } from "node:os";
import { sleep } from "../base/deadline.js";

const RELEASE_TIMEOUT_MS = 10_000;
const REPLACED_WITHIN_MS = 2_000;
/** npm passes Ctrl-C on to a process that already got it from the terminal. */
const ECHO_MS = 300;
/** First elements of the messages by which jest-worker asks a worker to end, and how much memory it uses. */
const JEST_WORKER_END = 2;
const JEST_WORKER_MEMORY = 3;
/** What Jest reports differs a little from what we see at that moment. */
const NEAR_LIMIT = 0.95;

/** What releases something, and how long that may take. */
const held = new Map<() => Promise<void>, number>();
const listeners = new Set<(signal: NodeJS.Signals) => void>();
let installed = false;
let releasedAtRunEnd = false;
/** At the last time when Jest asked for it. */
let idleMemoryBytes = 0;
let filesBefore = 0;
let replaced = false;
let ending = false;

/** A signal came: what fails from now on fails because of it. */
export function isEnding(): boolean {
  return ending;
}

/** One of Jest's worker processes; what they hold is released when Jest ends them, with the run. */
function isJestWorker(): boolean {
  // Another program's child may have a channel as well, which is none of our business.
  return process.send !== undefined && /[\\/]jest-worker[\\/]/.test(process.argv[1] ?? "");
}

/** The id of Jest's own process. */
export function jestPid(): number {
  return isJestWorker() ? process.ppid : process.pid;
}

/** To be called by who releases everything when a run in this process is over. */
export function releaseAtRunEnd(): void {
  releasedAtRunEnd = true;
}

/** Whether somebody does: what is kept from file to file would be kept for ever otherwise, and Jest's process with it. */
export function isReleasedAtRunEnd(): boolean {
  return releasedAtRunEnd || isJestWorker();
}

/**
 * Jest ends a worker whose memory is over `workerIdleMemoryLimit` between two files, with a signal, and hands the file
 * that it has sent meanwhile to the next one. This waits for that end, so that the file is not begun twice.
 * @param limitBytes as in Jest's configuration: 0 is always over it, and one up to 1 is a share of all memory
 */
export async function awaitReplacement(limitBytes: number | string | null | undefined): Promise<void> {
  if (typeof limitBytes !== "number" || !isJestWorker()) return;
  const limit = limitBytes > 0 && limitBytes <= 1 ? limitBytes * totalmem() : limitBytes;
  replaced = filesBefore++ > 0 && (limit === 0 || idleMemoryBytes > limit * NEAR_LIMIT);
  if (replaced) await sleep(REPLACED_WITHIN_MS);
  replaced = false;
}

/**
 * Runs `release` when this process is asked to end. Returns what takes it off the list.
 * @param timeoutMs how long it is waited for
 */
export function releaseAtEnd(release: () => Promise<void>, timeoutMs = RELEASE_TIMEOUT_MS): () => void {
  watchProcessEnd();
  held.set(release, timeoutMs);
  return () => void held.delete(release);
}

/** Calls `listener` when a signal is about to end this process, before anything is released. Returns what ends that. */
export function beforeSignalEnd(listener: (signal: NodeJS.Signals) => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

let releasing: Promise<void> = Promise.resolve();

/** Releases everything, last taken first, within a limit; other callers wait as well. Never rejects. */
export function releaseAll(): Promise<void> {
  return (releasing = releasing.then(releaseRest));
}

async function releaseRest(): Promise<void> {
  const releases = [...held].reverse();
  held.clear();
  const limit = new AbortController();
  const all = (async () => {
    for (const [release] of releases) await release().catch(() => undefined);
  })();
  const timeoutMs = Math.max(RELEASE_TIMEOUT_MS, ...releases.map(([, each]) => each));
  await Promise.race([all, sleep(timeoutMs, limit.signal).catch(() => undefined)]);
  limit.abort();
}

/** To be called as early as can be: a signal or the parent's death before it finds nobody listening. */
export function watchProcessEnd(): void {
  if (installed) return;
  installed = true;
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, endBy(name));
  watchOutput();
  if (!isJestWorker()) return;
  const onMessage = (message: unknown): void => {
    if (!Array.isArray(message)) return;
    if (message[0] === JEST_WORKER_MEMORY) idleMemoryBytes = process.memoryUsage().heapUsed;
    if (message[0] !== JEST_WORKER_END) return;
    process.off("message", onMessage);
    process.off("disconnect", onDisconnect);
    void releaseAll();
  };
  // The parent is gone: nobody wants this worker's results any more.
  const onDisconnect = (): void => {
    ending = true;
    void releaseAll().then(() => process.exit(1));
  };
  if (!process.connected) return onDisconnect();
  process.on("message", onMessage);
  process.on("disconnect", onDisconnect);
}

/**
 * The reader of our output went away (`npx jest 2>&1 | head`). Node's own answer is an exception that nobody catches: no
 * device would be given back. A worker that cannot write has lost its parent, which `disconnect` reports.
 */
function watchOutput(): void {
  let told = isJestWorker();
  const end = endBy("SIGPIPE");
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EPIPE") throw error;
      // Once: a second signal would be impatience, a second stream is not.
      if (!told) end();
      told = true;
    });
  }
}

/** Releases, then ends with the exit code that shells give a signal: the exit handlers of others are to run as well. */
function endBy(name: NodeJS.Signals): () => void {
  let firstMs: number | undefined;
  return () => {
    if (!ending && !replaced) for (const listener of listeners) listener(name);
    ending = true;
    const end = (): never => process.exit(128 + constants.signals[name]);
    if (firstMs === undefined) void releaseAll().then(end);
    else if (performance.now() - firstMs > ECHO_MS) end();
    firstMs ??= performance.now();
  };
}
