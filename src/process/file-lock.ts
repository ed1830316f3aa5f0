/** One process at a time: a lock that its owner's death releases, whatever way it died. */
import { mkdirSync, readFileSync, linkSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { sleep } from "../base/deadline.js";
import { TimeoutError } from "../base/errors.js";
import { identify, isAlive, type ProcessIdentity } from "./identity.js";

export interface FileLock {
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
}

/** Takes the lock, waiting for a living owner; a dead owner's lock is taken over. */
export async function takeFileLock(path: string, options: FileLockOptions): Promise<FileLock> {
  mkdirSync(dirname(path), { recursive: true });
  const deadline = Date.now() + options.timeoutMs;
  for (let told = false; ;) {
    const owner = tryTake(path, options.purpose);
    if (owner === undefined) return { release: () => rmSync(path, { force: true }) };
    if (!told) options.onWait?.(owner);
    told = true;
    if (Date.now() > deadline) {
      throw new TimeoutError(
        "LOCK_TIMEOUT",
        `Process ${owner.pid} is still ${owner.purpose}; gave up waiting for it.`,
        {
          hint: `if that process hangs, end it (kill ${owner.pid}) and try again`,
        },
      );
    }
    await sleep(200, options.signal);
  }
}

/** Undefined when the lock is ours now, else its living owner. */
function tryTake(path: string, purpose: string): LockOwner | undefined {
  const own = identify(process.pid);
  if (own === undefined) throw new Error("this process is not in /proc");
  const draft = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(draft, JSON.stringify({ ...own, purpose }));
  try {
    // A link is made whole or not at all: nobody ever reads a half-written lock.
    linkSync(draft, path);
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    const owner = readOwner(path);
    if (owner !== undefined && isAlive(owner)) return owner;
    removeStale(path);
    return tryTake(path, purpose);
  } finally {
    rmSync(draft, { force: true });
  }
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
