/** Reads history files: what is known of each test and each file, by run, the oldest first. */
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { dirname } from "node:path";
import { describeError, InfrastructureError } from "../base/errors.js";
import { inspectWritable } from "../base/files/writable.js";
import { LineSplitter } from "../base/text/lines.js";
import {
  fileKey,
  MAX_LINE_BYTES,
  parseEntry,
  testKey,
  type Entry,
  type FileEntry,
  type RunEntry,
  type TestEntry,
} from "./entries.js";

export interface Past<E> {
  readonly run: RunEntry;
  readonly entry: E;
}

export interface History {
  /** The oldest first. */
  readonly runs: readonly RunEntry[];
  readonly tests: ReadonlyMap<string, readonly Past<TestEntry>[]>;
  readonly files: ReadonlyMap<string, readonly Past<FileEntry>[]>;
}

export const NO_HISTORY: History = { runs: [], tests: new Map(), files: new Map() };

const CHUNK_BYTES = 1 << 20;

/**
 * What is no entry is left out, and so are entries of a run that has no line of its own.
 * @param counts which runs are looked at
 */
export function readHistory(paths: readonly string[], counts: (run: RunEntry) => boolean = () => true): History {
  const runs = new Map<string, RunEntry>();
  const tests = new Map<string, Map<string, TestEntry>>();
  const files = new Map<string, Map<string, FileEntry>>();
  const put = <E extends TestEntry | FileEntry>(all: Map<string, Map<string, E>>, key: string, entry: E): void => {
    const ofKey = all.get(key) ?? new Map<string, E>();
    all.set(key, ofKey);
    if (!ofKey.has(entry.run)) ofKey.set(entry.run, entry);
  };
  for (const path of paths) {
    readEntries(path, (entry) => {
      if (entry.kind === "run") runs.set(entry.run, runs.get(entry.run) ?? entry);
      else if (entry.kind === "test") put(tests, testKey(entry), entry);
      else put(files, fileKey(entry), entry);
    });
  }
  const known = [...runs.values()].filter(counts).sort((a, b) => a.atMs - b.atMs || (a.run < b.run ? -1 : 1));
  const places = new Map(known.map((run, place) => [run.run, place]));
  return { runs: known, tests: inOrder(tests, known, places), files: inOrder(files, known, places) };
}

/**
 * For who is about to add to it. Only looks.
 * @throws InfrastructureError when it can neither be read and written nor made
 */
export function requireHistory(path: string): string {
  const file = openHistory(path, constants.O_RDWR);
  if (file !== undefined) closeSync(file);
  const problem = file === undefined ? inspectWritable(dirname(path)) : undefined;
  if (problem !== undefined) throw unusable(path, problem.reason);
  return path;
}

/** Undefined for one that is not there. */
function openHistory(path: string, flags: number): number | undefined {
  let file: number;
  try {
    // A pipe would be waited for until somebody writes into it. Windows has no such flag.
    file = openSync(path, flags | (constants.O_NONBLOCK ?? 0));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw unusable(path, describeError(error));
  }
  if (fstatSync(file).isFile()) return file;
  closeSync(file);
  throw unusable(path, "it is not a file");
}

function unusable(path: string, reason: string): InfrastructureError {
  return new InfrastructureError("HISTORY_FILE", `The history ${path} cannot be used: ${reason}.`, {
    hint: "name another file: AVF_HISTORY=/path/to/history.jsonl",
  });
}

/** A file that is not there has no entries. */
export function readEntries(path: string, onEntry: (entry: Entry, line: string) => void): void {
  const file = openHistory(path, constants.O_RDONLY);
  if (file === undefined) return;
  try {
    const lines = new LineSplitter((line, piece) => {
      const entry = piece === undefined ? parseEntry(line) : undefined;
      if (entry !== undefined) onEntry(entry, line);
    }, MAX_LINE_BYTES);
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (;;) {
      const length = readSync(file, chunk, 0, chunk.length, null);
      if (length === 0) return lines.end();
      lines.push(chunk.subarray(0, length));
    }
  } finally {
    closeSync(file);
  }
}

function inOrder<E extends TestEntry | FileEntry>(
  all: ReadonlyMap<string, ReadonlyMap<string, E>>,
  runs: readonly RunEntry[],
  places: ReadonlyMap<string, number>,
): ReadonlyMap<string, readonly Past<E>[]> {
  const ordered = [...all].map(([key, byRun]) => {
    const known = [...byRun.values()].flatMap((entry) => {
      const place = places.get(entry.run);
      return place === undefined ? [] : [{ place, run: runs[place]!, entry }];
    });
    return [key, known.sort((a, b) => a.place - b.place)] as const;
  });
  return new Map(ordered.filter(([, known]) => known.length > 0));
}
