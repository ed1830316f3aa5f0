/** The device's log: a ring in memory, as Android's logd has it. */
import { EventEmitter } from "node:events";

export type LogPriority = "V" | "D" | "I" | "W" | "E" | "F";

export interface LogEntry {
  readonly epochMs: number;
  readonly pid: number;
  readonly tid: number;
  readonly uid: number;
  readonly priority: LogPriority;
  readonly tag: string;
  readonly message: string;
}

/** Lines are short; a few thousand of them are what a test session wants to look back on. */
const MAX_ENTRIES = 8_192;
/** As in Android (LOGGER_ENTRY_MAX_PAYLOAD), less a little for the tag. */
const MAX_MESSAGE_CHARS = 4_000;

export class LogBuffer {
  #entries: LogEntry[] = [];
  readonly #events = new EventEmitter().setMaxListeners(0);

  write(priority: LogPriority, tag: string, message: string, source: { pid?: number; uid?: number } = {}): void {
    const pid = source.pid ?? process.pid;
    for (const line of message.split("\n")) {
      const entry: LogEntry = {
        epochMs: Date.now(),
        pid,
        tid: pid,
        uid: source.uid ?? 0,
        priority,
        tag,
        message: line.slice(0, MAX_MESSAGE_CHARS),
      };
      this.#entries.push(entry);
      this.#events.emit("entry", entry);
    }
    // Dropping in bulk keeps a write cheap.
    if (this.#entries.length > MAX_ENTRIES * 1.25) this.#entries = this.#entries.slice(-MAX_ENTRIES);
  }

  entries(): readonly LogEntry[] {
    return this.#entries;
  }

  clear(): void {
    this.#entries = [];
  }

  /** Calls back for each entry from now on, until the signal fires. */
  follow(signal: AbortSignal, onEntry: (entry: LogEntry) => void): void {
    if (signal.aborted) return;
    this.#events.on("entry", onEntry);
    signal.addEventListener("abort", () => this.#events.off("entry", onEntry), { once: true });
  }
}
