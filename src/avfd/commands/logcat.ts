/** `logcat`: the log of the device, dumped or followed. Options as on Android; buffers are one here. */
import { eitherSignal } from "../../base/async/shared-signal.js";
import type { Caller, Command } from "../caller.js";
import { formatLogLine, LOG_FORMATS, LogFilter, type LogFormat, type LogLineOptions } from "../log/log-format.js";
import type { LogBuffer, LogEntry } from "../log/log-buffer.js";

interface LogcatRequest {
  readonly action: "dump" | "follow" | "clear" | "size";
  readonly line: LogLineOptions;
  readonly filter: LogFilter;
  readonly tail: number | undefined;
  /** Leaves out what is older. */
  readonly sinceEpochMs: number | undefined;
  readonly pid: number | undefined;
  readonly pattern: RegExp | undefined;
  readonly maxCount: number | undefined;
}

export function logcat(log: LogBuffer): Command {
  return async (caller, args) => {
    let request: LogcatRequest;
    try {
      request = parseLogcatArguments(args);
    } catch (error) {
      caller.printError(`logcat: ${error instanceof Error ? error.message : String(error)}`);
      return 1;
    }
    if (request.action === "clear") {
      log.clear();
      return 0;
    }
    if (request.action === "size") {
      caller.print("main: ring buffer is 1 MiB (1 MiB consumed), max entry is 5120 B, max payload is 4068 B");
      return 0;
    }
    await show(caller, log, request);
    return 0;
  };
}

/** Prints the log so far, then what follows until the caller is gone, unless it asked for a dump. */
async function show(caller: Caller, log: LogBuffer, request: LogcatRequest): Promise<void> {
  const past = log.entries().filter((entry) => wanted(entry, request));
  const shown = request.tail === undefined ? past : past.slice(Math.max(0, past.length - request.tail));
  let left = request.maxCount ?? Infinity;
  const print = (entry: LogEntry): void => {
    if (left-- > 0) caller.print(formatLogLine(entry, request.line));
  };
  if (request.line.format !== "raw") caller.print("--------- beginning of main");
  for (const entry of shown) print(entry);
  if (request.action === "dump" || left <= 0) return;
  const full = new AbortController();
  const ended = eitherSignal(caller.gone, full.signal);
  log.follow(ended, (entry) => {
    if (wanted(entry, request)) print(entry);
    if (left <= 0) full.abort();
  });
  await new Promise<void>((resolve) => {
    if (ended.aborted) resolve();
    else ended.addEventListener("abort", () => resolve(), { once: true });
  });
}

function wanted(entry: LogEntry, { filter, sinceEpochMs, pid, pattern }: LogcatRequest): boolean {
  return (
    filter.accepts(entry) &&
    (sinceEpochMs === undefined || entry.epochMs >= sinceEpochMs) &&
    (pid === undefined || entry.pid === pid) &&
    (pattern === undefined || pattern.test(entry.message))
  );
}

/** Long options become short ones. */
const LONG: Readonly<Record<string, string>> = {
  "--clear": "-c",
  "--buffer": "-b",
  "--format": "-v",
  "--regex": "-e",
  "--max-count": "-m",
  "--buffer-size": "-g",
  "--dump": "-d",
};
const VALUED = new Set(["-b", "-v", "-t", "-T", "-e", "-m", "-G", "--pid", "--uid"]);

/** Throws an Error with logcat's text. */
export function parseLogcatArguments(args: readonly string[]): LogcatRequest {
  let request: LogcatRequest = {
    action: "follow",
    line: { format: "threadtime" },
    filter: new LogFilter([]),
    tail: undefined,
    sinceEpochMs: undefined,
    pid: undefined,
    pattern: undefined,
    maxCount: undefined,
  };
  const filters: string[] = [];
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (!arg.startsWith("-")) {
      filters.push(...arg.split(/\s+/).filter((spec) => spec !== ""));
      continue;
    }
    const { name, attached } = splitOption(arg);
    const value = VALUED.has(name) ? (attached ?? rest.shift()) : undefined;
    if (VALUED.has(name) && value === undefined) throw new Error(`option requires an argument -- '${name.slice(1)}'`);
    if (name === "-s") filters.unshift("*:S");
    else request = { ...request, ...applyOption(name, value ?? "", request) };
  }
  return { ...request, filter: new LogFilter(filters) };
}

function splitOption(arg: string): { readonly name: string; readonly attached: string | undefined } {
  if (arg.startsWith("--")) {
    const at = arg.indexOf("=");
    const long = at < 0 ? arg : arg.slice(0, at);
    return { name: LONG[long] ?? long, attached: at < 0 ? undefined : arg.slice(at + 1) };
  }
  return { name: arg.slice(0, 2), attached: arg.length > 2 ? arg.slice(2) : undefined };
}

function applyOption(name: string, value: string, request: LogcatRequest): Partial<LogcatRequest> {
  switch (name) {
    case "-d":
      return { action: "dump" };
    case "-c":
      return { action: "clear" };
    case "-g":
      return { action: "size" };
    case "-t":
      return { action: "dump", ...since(value) };
    case "-T":
      return since(value);
    case "-v":
      return { line: { ...request.line, ...parseFormat(value) } };
    case "-e":
      return { pattern: new RegExp(value) };
    case "-m":
      return { maxCount: positive(value) };
    case "--pid":
      return { pid: positive(value) };
    case "-b":
    case "-D":
    case "-G":
      // One buffer holds everything.
      return {};
    default:
      throw new Error(`unrecognized option '${name}'`);
  }
}

function since(value: string): Partial<LogcatRequest> {
  if (/^\d+$/.test(value)) return { tail: Number(value) };
  const epoch = /^(\d+)\.(\d{1,3})\d*$/.exec(value);
  if (epoch) return { sinceEpochMs: Number(epoch[1]) * 1000 + Number(`${epoch[2]}00`.slice(0, 3)) };
  const year = /^\d{4}-/.test(value) ? "" : `${new Date().getUTCFullYear()}-`;
  const epochMs = Date.parse(`${year}${value.replace(" ", "T")}Z`);
  if (Number.isNaN(epochMs)) throw new Error(`-t "${value}" not in time format`);
  return { sinceEpochMs: epochMs };
}

function parseFormat(value: string): Partial<LogLineOptions> {
  if ((LOG_FORMATS as readonly string[]).includes(value)) return { format: value as LogFormat };
  switch (value) {
    case "year":
    case "uid":
    case "epoch":
      return { [value]: true };
    case "usec":
    case "nsec":
      return { microseconds: true };
    case "UTC":
    case "zone":
      return { utc: true };
    case "color":
    case "printable":
    case "descriptive":
      return {};
    default:
      throw new Error(`Invalid parameter '${value}' to -v`);
  }
}

function positive(value: string): number {
  if (!/^\d+$/.test(value)) throw new Error(`${value} is not a number`);
  return Number(value);
}
