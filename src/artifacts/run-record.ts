/** Writes a run's events to a file of this process: `events-<pid>.jsonl` in the run's folder. */
import { appendFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { clockMs } from "./clock.js";
import type { RunEventBody } from "./events.js";
import { makePrivateFolder, PRIVATE_FILE } from "./private-files.js";

const FLUSH_AFTER_MS = 250;
/** Guards the disk against a VM that prints without end. Events of the tests themselves are not counted. */
const MAX_OUTPUT_BYTES = 64 << 20;
const MAX_BYTES = 2 * MAX_OUTPUT_BYTES;
const OUTPUT_KINDS: readonly RunEventBody["kind"][] = ["vm-output", "device-log"];
const MAX_LINE_CHARACTERS = 8 << 10;
/** Beyond MAX_OUTPUT_BYTES a test that fails, or is cut off, still has its last lines, which tell why. */
const LAST_LINES = 1_000;
const MAX_LAST_BYTES = 32 << 20;

const open = new Set<RunRecord>();

/**
 * The run ends. Writes what any record of this process holds: Jest's own process may have one for its results and one for
 * its tests.
 */
export function flushRecords(): void {
  for (const record of open) record.finish();
}

export class RunRecord {
  readonly file: string;
  #pending: string[] = [];
  #bytes = 0;
  #outputFull = false;
  /** Since the record is full: the latest output, and how many lines there were before. */
  #last: { readonly event: RunEventBody; readonly atMs: number }[] = [];
  #omitted = 0;
  #lastBytes = 0;
  #testRuns = false;
  #timer: NodeJS.Timeout | undefined;

  /** @param discards nothing is kept and no file made: of tests that are listed, not run */
  constructor(
    readonly folder: string,
    private readonly discards = false,
  ) {
    this.file = join(folder, `events-${process.pid}.jsonl`);
    if (discards) return;
    makePrivateFolder(folder);
    if (open.size === 0) process.on("exit", flushRecords);
    open.add(this);
    const worker = process.env["JEST_WORKER_ID"];
    const about = worker === undefined ? {} : { worker };
    this.add({ kind: "process-started", wallMs: Date.now(), host: hostname(), ...about });
  }

  /**
   * Never throws, and costs no I/O now.
   * @param atMs when it happened or began, if that is not now; see clock.ts
   */
  add(event: RunEventBody, atMs = clockMs()): void {
    if (this.discards || this.#bytes > MAX_BYTES) return;
    if (this.#outputFull && OUTPUT_KINDS.includes(event.kind)) return this.#keepLast(event, atMs);
    // A signal leaves a process little time, and reports are made meanwhile.
    if (event.kind === "interrupted") this.#writeLast(this.#testRuns, atMs);
    if (event.kind === "test-end") this.#writeLast(event.status === "failed", atMs);
    if (event.kind === "test-start" || event.kind === "test-end") this.#testRuns = event.kind === "test-start";
    this.#write(event, atMs);
    if (this.#outputFull || this.#bytes <= MAX_OUTPUT_BYTES) return;
    this.#outputFull = true;
    this.#write({ kind: "record-full" }, clockMs());
  }

  /** Writes what is pending; a full disk must not fail a test, so an error is dropped here. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    const text = `${this.#pending.join("\n")}\n`;
    this.#pending = [];
    try {
      appendFileSync(this.file, text, { mode: PRIVATE_FILE });
    } catch (error) {
      if (this.#bytes <= MAX_BYTES)
        process.stderr.write(`avf: the record of this run is cut short: ${String(error)}\n`);
      this.#bytes = MAX_BYTES + 1;
    }
  }

  /** Nothing more will come, or nobody knows what will: the last lines of a test that has not ended are written as well. */
  finish(): void {
    this.#writeLast(this.#testRuns, clockMs());
    this.flush();
  }

  close(): void {
    this.finish();
    open.delete(this);
    if (open.size === 0) process.off("exit", flushRecords);
  }

  #keepLast(event: RunEventBody, atMs: number): void {
    this.#last.push({ event, atMs });
    if (this.#last.length < 2 * LAST_LINES) return;
    this.#omitted += LAST_LINES;
    this.#last = this.#last.slice(LAST_LINES);
  }

  /** Of the test that ends now, or is cut off. */
  #writeLast(isWanted: boolean, atMs: number): void {
    const before = this.#bytes;
    const kept = isWanted && this.#lastBytes < MAX_LAST_BYTES ? this.#last.slice(-LAST_LINES) : [];
    const lines = this.#omitted + this.#last.length - kept.length;
    if (lines > 0) this.#write({ kind: "output-omitted", lines }, kept[0]?.atMs ?? atMs);
    for (const { event, atMs: printedMs } of kept) this.#write(event, printedMs);
    const written = this.#bytes - before;
    // They take no space from the events of tests.
    this.#lastBytes += written;
    this.#bytes = before;
    this.#last = [];
    this.#omitted = 0;
  }

  #write(event: RunEventBody, atMs: number): void {
    const line = JSON.stringify({ atMs, pid: process.pid, ...event }, shorten);
    this.#bytes += line.length + 1;
    this.#pending.push(line);
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS).unref();
  }
}

function shorten(_key: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= MAX_LINE_CHARACTERS) return value;
  return `${value.slice(0, MAX_LINE_CHARACTERS)}… (${value.length} characters)`;
}
