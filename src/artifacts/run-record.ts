/** Writes a run's events to a file of this process: `events-<pid>.jsonl` in the run's folder. */
import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import type { RunEventBody } from "./events.js";

const FLUSH_AFTER_MS = 250;
/** Guards the disk against a VM that prints without end. */
const MAX_BYTES = 64 << 20;
const MAX_LINE_CHARACTERS = 8 << 10;

export class RunRecord {
  readonly file: string;
  #pending: string[] = [];
  #bytes = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #onExit = (): void => this.flush();

  constructor(readonly folder: string) {
    mkdirSync(folder, { recursive: true });
    this.file = join(folder, `events-${process.pid}.jsonl`);
    process.on("exit", this.#onExit);
  }

  /** Never throws, and costs no I/O now. */
  add(event: RunEventBody): void {
    if (this.#bytes > MAX_BYTES) return;
    const stamped = { atMs: performance.timeOrigin + performance.now(), pid: process.pid, ...event };
    const line = JSON.stringify(stamped, shorten);
    this.#bytes += line.length + 1;
    this.#pending.push(line);
    if (this.#bytes > MAX_BYTES) this.#pending.push(JSON.stringify({ ...stamped, kind: "record-full" }));
    this.#timer ??= setTimeout(() => this.flush(), FLUSH_AFTER_MS).unref();
  }

  /** Writes what is pending; a full disk must not fail a test, so an error is dropped here. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#pending.length === 0) return;
    const text = `${this.#pending.join("\n")}\n`;
    this.#pending = [];
    try {
      appendFileSync(this.file, text);
    } catch {
      this.#bytes = MAX_BYTES + 1;
    }
  }

  close(): void {
    this.flush();
    process.off("exit", this.#onExit);
  }
}

function shorten(_key: string, value: unknown): unknown {
  if (typeof value !== "string" || value.length <= MAX_LINE_CHARACTERS) return value;
  return `${value.slice(0, MAX_LINE_CHARACTERS)}… (${value.length} characters)`;
}
