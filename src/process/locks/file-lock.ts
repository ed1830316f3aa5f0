/** One process at a time: a lock that its owner's death releases, whatever way it died and wherever it lived. */
import { closeSync, constants, ftruncateSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { eitherSignal } from "../../base/async/shared-signal.js";
import { formatMs, sleep } from "../../base/deadline.js";
import { TimeoutError } from "../../base/errors.js";
import { isElsewhere, type ProcessIdentity } from "../identity.js";
import { isStillAt, lockFile } from "./kernel-lock.js";
import { isGone, self } from "../life.js";
import { locksByOpening, openWhenFree, removeLocked } from "./open-lock.js";

interface FileLock {
  /** Lets go of it; what another has taken since stays. Repeatable. */
  release(): void;
}

interface FileLockOptions {
  /** What the owner is doing, shown to waiting processes, e.g. `setting up`. */
  readonly purpose: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Called once when another process holds the lock. */
  readonly onWait?: (owner: LockOwner) => void;
}

export interface LockOwner extends ProcessIdentity {
  readonly purpose: string;
  /** When it was taken, as an ISO 8601 time; absent in locks of earlier versions. */
  readonly since?: string;
}

/** From the moment when it has the lock an owner needs so long to say who it is. */
const INTRODUCTION_MS = 500;
const POLL_MS = 200;
const NOBODY_KNOWN: LockOwner = { pid: 0, startTicks: "", purpose: "using it" };

/**
 * Takes the lock, waiting for a living owner. The kernel holds it (`flock`); what is in the file only tells who that is, and
 * counts by itself only for owners who know no other way: those of earlier versions. Where files are locked as they are
 * opened, the lock is on a file beside it: Windows lets nobody else read the one that is locked.
 */
export async function takeFileLock(path: string, options: FileLockOptions): Promise<FileLock> {
  mkdirSync(dirname(path), { recursive: true });
  const deadlineMs = Date.now() + options.timeoutMs;
  let told = false;
  const waitFor = (owner: LockOwner): void => {
    if (!told) options.onWait?.(owner);
    told = true;
    if (Date.now() >= deadlineMs) throw timedOut(owner, path);
  };
  if (locksByOpening()) {
    const beside = `${path}.lock`;
    const fd = await openWhenFree(beside, POLL_MS, async () => waitFor(await introduced(path)), options.signal);
    return introducedAt(path, { path: beside, fd }, options);
  }
  for (;;) {
    const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    let kept = false;
    try {
      if (!(await lockFile(fd, false, options.signal))) {
        waitFor(await introduced(path));
        if (!(await lockBefore(deadlineMs, fd, options.signal))) throw timedOut(readOwner(path) ?? NOBODY_KNOWN, path);
      }
      // Its last owner removed the name: the locked file is no longer the lock.
      if (!isStillAt(path, fd)) continue;
      const earlier = readOwner(path);
      if (earlier === undefined || isGone(earlier)) {
        introduce(fd, options.purpose);
        kept = true;
        return { release: releaser(path, fd) };
      }
      waitFor(earlier);
    } finally {
      if (!kept) closeSync(fd);
    }
    await sleep(POLL_MS, options.signal);
  }
}

/** ` since 20:31:05 (4 min 10 s ago)`; nothing when it is not known. */
export function sinceWhen(since: string | undefined, nowMs = Date.now()): string {
  const startedMs = Date.parse(since ?? "");
  if (Number.isNaN(startedMs)) return "";
  const time = new Date(startedMs).toTimeString().slice(0, 8);
  return ` since ${time} (${formatMs(Math.max(0, nowMs - startedMs))} ago)`;
}

/** `process 123`, `process 123 of host lab7`, for one whose id means nothing here. */
export function describeProcess(owner: ProcessIdentity): string {
  if (owner.pid === 0) return "another process";
  if (!isElsewhere(owner)) return `process ${owner.pid}`;
  return `process ${owner.pid} of another container, host or boot (${owner.host ?? "unknown"})`;
}

/** ` (kill 123)`; nothing for one that is not known, or whose id means nothing here. */
export function commandToEnd(owner: ProcessIdentity): string {
  return owner.pid === 0 || isElsewhere(owner) ? "" : ` (kill ${owner.pid})`;
}

async function lockBefore(deadlineMs: number, fd: number, signal: AbortSignal | undefined): Promise<boolean> {
  const late = AbortSignal.timeout(Math.max(1, Math.min(deadlineMs - Date.now(), 2 ** 31 - 1)));
  try {
    return await lockFile(fd, true, signal ? eitherSignal(signal, late) : late);
  } catch (error) {
    signal?.throwIfAborted();
    if (late.aborted) return false;
    throw error;
  }
}

function introduce(fd: number, purpose: string): void {
  const owner: LockOwner = { ...self(), purpose, since: new Date().toISOString() };
  ftruncateSync(fd);
  writeSync(fd, JSON.stringify(owner), 0);
}

/** @param held the lock, which is on another file than the one that names its owner */
function introducedAt(
  path: string,
  held: { readonly path: string; readonly fd: number },
  options: FileLockOptions,
): FileLock {
  let released = false;
  const release = (): void => {
    if (released) return;
    released = true;
    rmSync(path, { force: true });
    removeLocked(held.path, held.fd);
  };
  try {
    const note = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW, 0o600);
    try {
      introduce(note, options.purpose);
    } finally {
      closeSync(note);
    }
  } catch (error) {
    removeLocked(held.path, held.fd);
    throw error;
  }
  return { release };
}

/** The holder of the lock, as soon as it has written its name. */
async function introduced(path: string): Promise<LockOwner> {
  for (const endMs = Date.now() + INTRODUCTION_MS; ; await sleep(10)) {
    const owner = readOwner(path);
    if (owner !== undefined || Date.now() > endMs) return owner ?? NOBODY_KNOWN;
  }
}

/** The name goes first, while nobody else can have the lock on what it leads to. */
function releaser(path: string, fd: number): () => void {
  let released = false;
  return () => {
    if (released) return;
    released = true;
    if (isStillAt(path, fd)) rmSync(path, { force: true });
    closeSync(fd);
  };
}

function timedOut(owner: LockOwner, path: string): TimeoutError {
  const who = describeProcess(owner);
  return new TimeoutError(
    "LOCK_TIMEOUT",
    `${who.charAt(0).toUpperCase()}${who.slice(1)} is still ${owner.purpose}${sinceWhen(owner.since)}; gave up waiting for it.`,
    {
      hint: isElsewhere(owner)
        ? `if that process hangs, end it where it runs; if it is gone for certain, remove ${path}`
        : `if that process hangs, end it${commandToEnd(owner)} and try again`,
    },
  );
}

function readOwner(path: string): LockOwner | undefined {
  try {
    const owner = JSON.parse(readFileSync(path, "utf8")) as Partial<LockOwner> | null;
    return typeof owner?.pid === "number" && typeof owner.startTicks === "string" ? (owner as LockOwner) : undefined;
  } catch {
    return undefined;
  }
}
