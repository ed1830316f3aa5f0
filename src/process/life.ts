/**
 * Proof of life for those whose process ids mean nothing here: a file in the cache that the kernel keeps locked while the
 * process lives. Whoever gets the lock knows that it is gone, if it lived where the lock would have been seen; in doubt it
 * lives.
 */
import { randomBytes } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { openCache } from "../base/cache/cache.js";
import { cacheFolder } from "../base/paths.js";
import { identify, isAlive, isElsewhere, type ProcessIdentity } from "./identity.js";
import { isStillAt, tryLockSync } from "./locks/kernel-lock.js";
import { locksTell, whereabouts, type Whereabouts } from "./locks/lock-reach.js";
import { locksByOpening, openLocked, removeLocked } from "./locks/open-lock.js";

export interface Life {
  readonly name: string;
  /** A process that has this file open is alive. */
  readonly fd: number;
}

const NAME = /^[a-z]+-\d+-[0-9a-f]{16}$/;
const lives = new Map<string, Life>();
let exitHookInstalled = false;

/** This process, as records name it. */
export function self(): ProcessIdentity {
  const own = identify(process.pid);
  if (own === undefined) throw new Error("this process is not in /proc");
  return { ...own, life: ownLife() };
}

/**
 * It has ended for certain, so that what it left may be removed. Here the process table shows it, if it has times; of
 * one that lives elsewhere only its life does, and one that has none is not known to be gone.
 */
export function isGone(identity: ProcessIdentity, mountinfo?: string): boolean {
  const here = !isElsewhere(identity);
  if (here && (identity.life === undefined || !locksByOpening())) return !isAlive(identity);
  return identity.life !== undefined && lifeHasEnded(identity.life, mountinfo);
}

/** For certain. */
export function lifeHasEnded(name: string, mountinfo?: string): boolean {
  return NAME.test(name) && hasEnded(join(folder(), name), mountinfo);
}

/** A life for a child that is handed the file: it counts until the child is gone, also after us. Undefined: none could be created. */
export function openLife(kind: string): Life | undefined {
  try {
    openCache();
    mkdirSync(folder(), { recursive: true, mode: 0o700 });
    for (;;) {
      const name = `${kind}-${process.pid}-${randomBytes(8).toString("hex")}`;
      const fd = begin(join(folder(), name));
      if (fd !== undefined) return { name, fd };
    }
  } catch {
    return undefined;
  }
}

/** Undefined: somebody who clears away was quicker, and took it for an old one. */
function begin(path: string): number | undefined {
  if (locksByOpening()) return beginByOpening(path);
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    if (tryLockSync(fd) && isStillAt(path, fd)) {
      writeSync(fd, JSON.stringify(whereabouts()));
      return fd;
    }
  } catch (error) {
    rmSync(path, { force: true });
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return undefined;
}

function beginByOpening(path: string): number | undefined {
  const fd = openLocked(path, constants.O_CREAT | constants.O_EXCL);
  if (fd !== undefined) writeSync(fd, JSON.stringify(whereabouts()));
  return fd;
}

/** Of a child that has ended. */
export function forgetLife(name: string): void {
  if (NAME.test(name)) rmSync(join(folder(), name), { force: true });
}

/** Removes the files of those that have ended. */
export function sweepLives(): void {
  for (const name of namesIn(folder())) if (NAME.test(name)) hasEnded(join(folder(), name));
}

function ownLife(): string | undefined {
  const known = lives.get(folder());
  if (known !== undefined && existsSync(join(folder(), known.name))) return known.name;
  const life = openLife("process");
  if (life === undefined) return undefined;
  lives.set(folder(), life);
  removeAtExit();
  return life.name;
}

/** A file that is not there was removed by its owner's end, or by one who had the lock. */
function hasEnded(path: string, mountinfo?: string): boolean {
  if (locksByOpening()) return hasEndedByOpening(path);
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NOFOLLOW);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
  try {
    if (!tryLockSync(fd) || !locksTell(readWhereabouts(fd), folder(), mountinfo)) return false;
    if (isStillAt(path, fd)) rmSync(path, { force: true });
    return true;
  } catch {
    return false;
  } finally {
    closeSync(fd);
  }
}

function hasEndedByOpening(path: string): boolean {
  try {
    const fd = openLocked(path);
    if (fd === undefined) return false;
    const told = locksTell(readWhereabouts(fd), folder());
    if (told) removeLocked(path, fd);
    else closeSync(fd);
    return told;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

/** Nothing in those of earlier versions, and of one that is not quite begun. */
function readWhereabouts(fd: number): Partial<Whereabouts> | undefined {
  try {
    return JSON.parse(readFileSync(fd, "utf8")) as Partial<Whereabouts>;
  } catch {
    return undefined;
  }
}

function removeAtExit(): void {
  if (exitHookInstalled) return;
  exitHookInstalled = true;
  process.on("exit", () => {
    for (const [where, { name, fd }] of lives) {
      if (locksByOpening()) removeLocked(join(where, name), fd);
      else if (isStillAt(join(where, name), fd)) rmSync(join(where, name));
    }
  });
}

function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

function folder(): string {
  return join(cacheFolder(), "alive");
}
