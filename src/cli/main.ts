/** The `avf` command: finds the subcommand, and turns what it throws into words and an exit code. */
import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { isHarnessError, UsageError } from "../base/errors.js";
import { packageRoot } from "../base/paths.js";
import { printable } from "../base/printable.js";
import { nearest } from "./command-line.js";
import { commandNames, helpOf, overview } from "./help.js";
import { exitCodeOf, watchOutput } from "./output/closed-output.js";
import { InterruptedError } from "./output/interrupted-error.js";

/** A subcommand: takes its arguments, returns the exit code. */
type Subcommand = (args: readonly string[]) => Promise<number>;

type Load = () => Promise<{ readonly run: Subcommand }>;

/** Each is loaded only when asked for: most need a part of the whole. */
const SUBCOMMANDS: Readonly<Record<string, Load>> = {
  start: () => import("./vm/start.js"),
  setup: () => import("./device/setup.js"),
  doctor: () => import("./doctor/doctor.js"),
  device: () => import("./device/device.js"),
  run: () => import("./vm/run.js"),
  console: () => import("./vm/console.js"),
  gdb: () => import("./vm/gdb.js"),
  "end-hold": () => import("./suites/end-hold.js"),
  test: () => import("./suites/test.js"),
  report: () => import("./suites/report.js"),
  history: () => import("./history/history.js"),
  new: () => import("./suites/new.js"),
  sample: () => import("./suites/sample.js"),
  apk: () => import("./apk/apk.js"),
  idsig: () => import("./apk/idsig.js"),
};

/** Former names, which still work. */
const ALIASES: Readonly<Record<string, string>> = { release: "end-hold" };

export function main(args: readonly string[]): Promise<void> {
  return runCommand(() => dispatch(args));
}

/** Sets the exit code by what the command returns or throws. */
export async function runCommand(command: () => Promise<number>): Promise<void> {
  watchOutput();
  try {
    process.exitCode = exitCodeOf(await command());
  } catch (error) {
    process.exitCode = report(error);
  }
}

function presentName(name: string): string {
  return (Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined) ?? name;
}

async function dispatch(args: readonly string[]): Promise<number> {
  const [typed, ...rest] = args;
  const name = typed === undefined ? undefined : presentName(typed);
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(helpFor(rest.join(" ")));
    return name === undefined ? 2 : 0;
  }
  if (name === "--version" || name === "-v") {
    const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const asked = askedForHelp([name, ...rest]);
  if (asked !== undefined) {
    process.stdout.write(helpFor(asked));
    return 0;
  }
  const load = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined;
  if (load === undefined) throw unknownCommand(name);
  return (await load()).run(rest);
}

/** The command whose help `--help` asks for. What stands behind `--` is another program's. */
function askedForHelp(args: readonly string[]): string | undefined {
  const split = args.indexOf("--");
  const own = split < 0 ? args : args.slice(0, split);
  if (!own.some((arg) => arg === "--help" || arg === "-h")) return undefined;
  const [name = "", verb = ""] = own;
  return helpOf(`${name} ${verb}`) === undefined ? name : `${name} ${verb}`;
}

function helpFor(name: string): string {
  if (name === "") return overview();
  const help = helpOf(presentName(name));
  if (help === undefined) throw unknownCommand(name);
  return help;
}

function unknownCommand(name: string): UsageError {
  const meant = nearest(name, [...Object.keys(SUBCOMMANDS), ...commandNames()]);
  const hint = meant === undefined ? "npx avf help lists them" : `did you mean avf ${meant}? npx avf help lists all`;
  return new UsageError("NO_SUCH_COMMAND", `There is no command "${name}".`, { hint });
}

/** What the system answers to a path that the user named, with that path. */
const REFUSALS = [
  ...["EACCES", "EDQUOT", "EEXIST", "EFBIG", "EIO", "EISDIR", "ELOOP", "EMFILE", "ENAMETOOLONG", "ENFILE", "ENODEV"],
  ...["ENOENT", "ENOSPC", "ENOTDIR", "ENXIO", "EPERM", "EROFS", "ETXTBSY"],
];

function isRefusal(error: unknown): error is NodeJS.ErrnoException {
  const { code = "", syscall } = (error ?? {}) as NodeJS.ErrnoException;
  return syscall !== undefined && REFUSALS.includes(code);
}

/** Errors of ours are sentences, and so are the system's; anything else is a defect and comes with its stack. */
function report(error: unknown): number {
  if (error instanceof InterruptedError)
    return error.signalName === "SIGPIPE" ? exitCodeOf(0) : 128 + constants.signals[error.signalName];
  if (isRefusal(error)) {
    process.stderr.write(`avf: ${printable(error.message)}\n`);
    return 1;
  }
  if (!isHarnessError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    process.stderr.write(`avf: ${printable(text)}\n`);
    return 1;
  }
  const causes: string[] = [];
  for (let cause = error.cause; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    causes.push(`  because: ${cause instanceof Error ? cause.message : JSON.stringify(cause)}`);
  }
  process.stderr.write(printable([`avf: ${error.message}`, ...causes, ""].join("\n")));
  return error.kind === "usage" ? 2 : 1;
}
