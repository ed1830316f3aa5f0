/** One process at a time: a lock that its owner's death releases, whatever way it died. */
import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { formatMs, sleep } from "../base/deadline.js";
import { TimeoutError } from "../base/errors.js";
import { identify, isAlive, type ProcessIdentity } from "./identity.js";

export interface FileLock {
  /** Lets go of it; what another has taken since stays. Repeatable. */
  release(): void;
}

export interface FileLockOptions {
  /** What the owner is doing, for whoever has to wait, e.g. `setting up`. */
  readonly purpose: string;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Told once when somebody else holds the lock. */
  readonly onWait?: (owner: LockOwner) => void;
}

export interface LockOwner extends ProcessIdentity {
  readonly purpose: string;
  /** When it was taken, as an ISO 8601 time; absent in locks of earlier versions. */
  readonly since?: string;
}

/** Takes the lock, waiting for a living owner; a dead owner's lock is taken over. */
export async function takeFileLock(path: string, options: FileLockOptions): Promise<FileLock> {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + options.timeoutMs;
  for (let told = false; ;) {
    const token = randomUUID();
    const owner = tryTake(path, { purpose: options.purpose, since: new Date().toISOString(), token });
    if (owner === undefined) return { release: () => release(path, token) };
    if (!told) options.onWait?.(owner);
    told = true;
    if (Date.now() >= deadline) {
      throw new TimeoutError(
        "LOCK_TIMEOUT",
        `Process ${owner.pid} is still ${owner.purpose}${sinceWhen(owner.since)}; gave up waiting for it.`,
        {
          hint: `if that process hangs, end it (kill ${owner.pid}) and try again`,
        },
      );
    }
    await sleep(200, options.signal);
  }
}

/** Undefined when the lock is ours now, else its living owner. */
function tryTake(path: string, about: Readonly<Record<"purpose" | "since" | "token", string>>): LockOwner | undefined {
  const own = identify(process.pid);
  if (own === undefined) throw new Error("this process is not in /proc");
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, JSON.stringify({ ...own, ...about }));
  try {
    // A link is made whole or not at all: nobody ever reads a half-written lock.
    linkSync(draft, path);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const owner = readOwner(path);
    if (owner !== undefined && isAlive(owner)) return owner;
    removeStale(path);
    return tryTake(path, about);
  } finally {
    rmSync(draft, { force: true });
  }
}

/** A lock that was broken and taken by another meanwhile is not ours to remove. */
function release(path: string, token: string): void {
  const owner: (LockOwner & { readonly token?: string }) | undefined = readOwner(path);
  if (owner?.token === token) rmSync(path, { force: true });
}

/** ` since 20:31:05 (4 min 10 s ago)`; nothing when it is not known. */
export function sinceWhen(since: string | undefined, nowMs = Date.now()): string {
  const startedMs = Date.parse(since ?? "");
  if (Number.isNaN(startedMs)) return "";
  const time = new Date(startedMs).toTimeString().slice(0, 8);
  return ` since ${time} (${formatMs(Math.max(0, nowMs - startedMs))} ago)`;
}

/** Moves the stale lock aside first, so that of two that saw it only one removes it, and never a fresh one. */
function removeStale(path: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  const moved = readOwner(aside);
  if (moved !== undefined && isAlive(moved)) {
    try {
      linkSync(aside, path);
    } catch {
      // Somebody else took the place; the owner whose lock we moved loses it only if it took it in this very moment.
    }
  }
  rmSync(aside, { force: true });
}

function readOwner(path: string): LockOwner | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as LockOwner;
  } catch {
    return undefined;
  }
}
