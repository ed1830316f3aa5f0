/**
 * Adds the lines of a run to a history file, at once: for a process that is about to end. One write to a file opened for
 * appending, under a lock that the file's own bounds need: whoever takes old runs out puts another file in its place.
 */
import {
  closeSync,
  constants,
  existsSync,
  fchmodSync,
  fchownSync,
  fstatSync,
  openSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { dirname } from "node:path";
import { makeFolder } from "../base/files/make-folder.js";
import { isStillAt, tryLockSync } from "../process/locks/kernel-lock.js";
import { locksByOpening, openLocked, removeLocked } from "../process/locks/open-lock.js";
import { formatEntry, keyOf, parseEntry, type Entry, type RunEntry } from "./entries.js";
import { readEntries } from "./read-history.js";

export interface Bounds {
  readonly bytes: number;
  readonly ageMs: number;
}

const DAY_MS = 24 * 60 * 60_000;
const BOUNDS: Bounds = { bytes: 32 << 20, ageMs: 90 * DAY_MS };
/** So that not every run has to rewrite the whole file. */
const KEPT_PART = 0.75;
const SLACK_MS = 7 * DAY_MS;
const LOCK_TIMEOUT_MS = 10_000;
const POLL_MS = 50;
const LF = 0x0a;
const PRIVATE_FILE = 0o600;

/** @throws Error when the file cannot be written, or is locked by another process for longer than 10 s */
export function appendHistory(path: string, entries: readonly Entry[], bounds = BOUNDS, nowMs = Date.now()): void {
  makeFolder(dirname(path));
  const file = openAlone(path);
  try {
    const text = Buffer.from(entries.map((entry) => `${formatEntry(entry)}\n`).join(""));
    // A process that was killed left half a line.
    const whole = endsInLine(file.fd) ? text : Buffer.concat([Buffer.of(LF), text]);
    for (let rest = whole; rest.length > 0;) rest = rest.subarray(writeSync(file.fd, rest));
    if (!isOver(path, file.fd, bounds, nowMs)) return;
    file.closeFile();
    writeHistory(path, [path], bounds, nowMs);
  } finally {
    file.release();
  }
}

/**
 * Joins history files into one, each run once, without what is too old or too much. One that is there is replaced, while no
 * run can add to it.
 * @throws Error when a file cannot be read or written, or is locked by another process for longer than 10 s
 */
export function joinHistories(path: string, from: readonly string[], bounds = BOUNDS, nowMs = Date.now()): void {
  makeFolder(dirname(path));
  if (!existsSync(path)) return writeHistory(path, from, bounds, nowMs);
  const file = openAlone(path);
  try {
    file.closeFile();
    writeHistory(path, from, bounds, nowMs);
  } finally {
    file.release();
  }
}

/** Draft first, then renamed. What a link leads to is replaced, not the link, and whoever could write it still can. */
function writeHistory(named: string, from: readonly string[], bounds: Bounds, nowMs: number): void {
  const kept = keptRuns(from, bounds, nowMs);
  const before = statSync(named, { throwIfNoEntry: false });
  const path = before === undefined ? named : realpathSync(named);
  const draft = `${path}.${process.pid}-${randomBytes(8).toString("hex")}.tmp`;
  try {
    const file = openSync(draft, "wx", PRIVATE_FILE);
    try {
      if (before !== undefined) giveTo(file, before);
      const seen = new Set<string>();
      for (const source of from) {
        readEntries(source, (entry, line) => {
          if (!kept.has(entry.run) || seen.has(keyOf(entry))) return;
          seen.add(keyOf(entry));
          writeSync(file, `${line}\n`);
        });
      }
    } finally {
      closeSync(file);
    }
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}

function giveTo(fd: number, { uid, gid, mode }: Stats): void {
  try {
    fchownSync(fd, uid, gid);
  } catch {
    // Only root may, or who is in that group.
  }
  fchmodSync(fd, mode & 0o777);
}

/** The newest, as many as there is room for. */
function keptRuns(from: readonly string[], bounds: Bounds, nowMs: number): ReadonlySet<string> {
  const runs = new Map<string, RunEntry>();
  const sizes = new Map<string, number>();
  for (const source of from) {
    readEntries(source, (entry, line) => {
      if (entry.kind === "run") runs.set(entry.run, entry);
      sizes.set(entry.run, (sizes.get(entry.run) ?? 0) + line.length + 1);
    });
  }
  const kept = new Set<string>();
  let bytes = 0;
  for (const { run, atMs } of [...runs.values()].sort((a, b) => b.atMs - a.atMs)) {
    bytes += sizes.get(run) ?? 0;
    if (nowMs - atMs > bounds.ageMs || (bytes > bounds.bytes * KEPT_PART && kept.size > 0)) break;
    kept.add(run);
  }
  return kept;
}

function isOver(path: string, fd: number, bounds: Bounds, nowMs: number): boolean {
  if (fstatSync(fd).size > bounds.bytes) return true;
  const oldest = firstEntry(path);
  return oldest?.kind === "run" && nowMs - oldest.atMs > bounds.ageMs + SLACK_MS;
}

/** Runs are appended one after the other, so the first is the oldest, or near to it. */
function firstEntry(path: string): Entry | undefined {
  const file = openSync(path, "r");
  try {
    const head = Buffer.alloc(4_096);
    const length = readSync(file, head, 0, head.length, 0);
    return parseEntry(head.toString("utf8", 0, length).split("\n", 1)[0] ?? "");
  } finally {
    closeSync(file);
  }
}

function endsInLine(fd: number): boolean {
  const { size } = fstatSync(fd);
  if (size === 0) return true;
  const last = Buffer.alloc(1);
  readSync(fd, last, 0, 1, size - 1);
  return last[0] === LF;
}

interface Alone {
  readonly fd: number;
  /** For what replaces the file. */
  closeFile(): void;
  release(): void;
}

/** Where files are locked as they are opened, the lock is on a file beside it: Windows lets nobody else read that. */
function openAlone(path: string): Alone {
  for (const endMs = Date.now() + LOCK_TIMEOUT_MS; ; pause()) {
    const opened = locksByOpening() ? openWithLockBeside(path) : openLockedItself(path);
    if (opened !== undefined) return opened;
    if (Date.now() > endMs) throw new Error(`${path} is locked by another process for more than 10 s`);
  }
}

function openLockedItself(path: string): Alone | undefined {
  const fd = openForAppending(path);
  let isOurs = false;
  try {
    // Its last holder may have replaced the file.
    isOurs = tryLockSync(fd) && isStillAt(path, fd);
  } finally {
    if (!isOurs) closeSync(fd);
  }
  // The lock goes with the descriptor.
  return isOurs ? { fd, closeFile: () => undefined, release: () => closeSync(fd) } : undefined;
}

function openWithLockBeside(path: string): Alone | undefined {
  const beside = `${path}.lock`;
  const lock = openLocked(beside, constants.O_CREAT);
  if (lock === undefined) return undefined;
  const release = (): void => removeLocked(beside, lock);
  try {
    const fd = openForAppending(path);
    let open = true;
    const closeFile = (): void => {
      if (open) closeSync(fd);
      open = false;
    };
    return { fd, closeFile, release: () => [closeFile(), release()] };
  } catch (error) {
    release();
    throw error;
  }
}

function openForAppending(path: string): number {
  const fd = openSync(path, constants.O_RDWR | constants.O_CREAT | constants.O_APPEND, PRIVATE_FILE);
  if (fstatSync(fd).isFile()) return fd;
  closeSync(fd);
  throw new Error(`${path} is not a file`);
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, POLL_MS);
}
