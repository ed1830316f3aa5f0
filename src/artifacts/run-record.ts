/** Writes a run's events to a file of this process: `events-<pid>.jsonl` in the run's folder. */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { clockMs } from "./clock.js";
import type { RunEventBody } from "./events.js";
import { makePrivateFolder, PRIVATE_FILE } from "./private-files.js";

const FLUSH_AFTER_MS = 250;
/** Guards the disk against a VM that prints without end. What tells of the tests themselves comes on top. */
const MAX_OUTPUT_BYTES = 64 << 20;
const MAX_BYTES = 2 * MAX_OUTPUT_BYTES;
const OUTPUT_KINDS: readonly RunEventBody["kind"][] = ["vm-output", "device-log"];
const MAX_LINE_CHARACTERS = 8 << 10;

const open = new Set<RunRecord>();

/** Writes what any record of this process holds: Jest's own process may have one for its results and one for its tests. */
export function flushRecords(): void {
  for (const record of open) record.flush();
}

export class RunRecord {
  readonly file: string;
  #pending: string[] = [];
  #bytes = 0;
  #outputFull = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly folder: string) {
    makePrivateFolder(folder);
    this.file = join(folder, `events-${process.pid}.jsonl`);
    if (open.size === 0) process.on("exit", flushRecords);
    open.add(this);
    const worker = process.env["JEST_WORKER_ID"];
    this.add({ kind: "process-started", wallMs: Date.now(), ...(worker === undefined ? {} : { worker }) });
  }

  /**
   * Never throws, and costs no I/O now.
   * @param atMs when it happened or began, if that is not now; see clock.ts
   */
  add(event: RunEventBody, atMs = clockMs()): void {
    if (this.#bytes > MAX_BYTES || (this.#outputFull && OUTPUT_KINDS.includes(event.kind))) return;
    this.#write(event, atMs);
    if (this.#outputFull || this.#bytes <= MAX_OUTPUT_BYTES) return;
    this.#outputFull = true;
    this.#write({ kind: "record-full" }, atMs);
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

  close(): void {
    this.flush();
    open.delete(this);
    if (open.size === 0) process.off("exit", flushRecords);
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
