/** Lines of `logcat`, as liblog's android_log_formatLogLine writes them. */
import type { LogEntry, LogPriority } from "./log-buffer.js";

export const LOG_FORMATS = ["brief", "process", "tag", "thread", "raw", "time", "threadtime", "long"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface LogLineOptions {
  readonly format: LogFormat;
  /** Modifiers of `-v`. */
  readonly year?: boolean;
  readonly uid?: boolean;
  readonly epoch?: boolean;
  readonly microseconds?: boolean;
  readonly utc?: boolean;
}

export function formatLogLine(entry: LogEntry, options: LogLineOptions): string {
  const { priority, tag, message } = entry;
  const pid = pad(entry.pid);
  const tid = pad(entry.tid);
  const uid = options.uid ? `${userName(entry.uid).padStart(5)}:` : "";
  const time = formatTime(entry.epochMs, options);
  switch (options.format) {
    case "brief":
      return `${priority}/${tag.padEnd(8)}(${uid}${pid}): ${message}`;
    case "process":
      return `${priority}(${uid}${pid}) ${message}  (${tag})`;
    case "tag":
      return `${priority}/${tag.padEnd(8)}: ${message}`;
    case "thread":
      return `${priority}(${uid}${pid}:${tid}) ${message}`;
    case "raw":
      return message;
    case "time":
      return `${time} ${priority}/${tag.padEnd(8)}(${uid}${pid}): ${message}`;
    case "threadtime":
      return `${time} ${uid}${pid} ${tid} ${priority} ${tag.padEnd(8)}: ${message}`;
    case "long":
      return `[ ${time} ${uid}${pid}:${tid} ${priority}/${tag.padEnd(8)} ]\n${message}\n`;
  }
}

const PRIORITIES: readonly LogPriority[] = ["V", "D", "I", "W", "E", "F"];

/** Filters of the command line: `Tag:I`, `*:S`, a bare `Tag`. Throws an Error with logcat's text for a bad one. */
export class LogFilter {
  readonly #byTag = new Map<string, number>();
  #other = 0;

  constructor(specs: readonly string[]) {
    for (const spec of specs) {
      const at = spec.lastIndexOf(":");
      const tag = at < 0 ? spec : spec.slice(0, at);
      const letter = at < 0 ? (tag === "*" ? "D" : "V") : spec.slice(at + 1).toUpperCase();
      const level = letter === "S" ? PRIORITIES.length : letter === "*" ? 0 : PRIORITIES.indexOf(letter as LogPriority);
      if (level < 0 || tag === "" || letter === "") throw new Error(`Invalid filter expression '${spec}'`);
      if (tag === "*") this.#other = level;
      else this.#byTag.set(tag, level);
    }
  }

  accepts({ tag, priority }: Pick<LogEntry, "tag" | "priority">): boolean {
    return PRIORITIES.indexOf(priority) >= (this.#byTag.get(tag) ?? this.#other);
  }
}

function pad(value: number): string {
  return String(value).padStart(5);
}

/** The device's time zone is GMT. */
function formatTime(epochMs: number, options: LogLineOptions): string {
  const fraction = options.microseconds ? `${String(epochMs % 1000).padStart(3, "0")}000` : undefined;
  if (options.epoch)
    return `${Math.floor(epochMs / 1000)}.${fraction ?? String(epochMs % 1000).padStart(3, "0")}`.padStart(19);
  const iso = new Date(epochMs).toISOString();
  const day = options.year ? iso.slice(0, 10) : iso.slice(5, 10);
  const clock = fraction === undefined ? iso.slice(11, 23) : `${iso.slice(11, 20)}${fraction}`;
  return `${day} ${clock}${options.utc ? " +0000" : ""}`;
}

function userName(uid: number): string {
  return uid === 0 ? "root" : uid === 2000 ? "shell" : String(uid);
}
