/** The `avf` command: finds the subcommand, and turns what it throws into words and an exit code. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isHarnessError, UsageError } from "../base/errors.js";
import { packageRoot } from "../base/paths.js";

/** A subcommand: takes its arguments, returns the exit code. */
export type Subcommand = (args: readonly string[]) => Promise<number>;

interface Entry {
  readonly usage: string;
  readonly summary: string;
  readonly load: () => Promise<{ readonly run: Subcommand }>;
}

/** Each is loaded only when asked for: most need a part of the whole. */
const SUBCOMMANDS: Readonly<Record<string, Entry>> = {
  start: {
    usage: "start",
    summary: "boot the emulated device, run vm1 and vm2, show their consoles",
    load: () => import("./start.js"),
  },
  setup: {
    usage: "setup [--fresh]",
    summary: "host tools, device image, snapshot: whatever is missing",
    load: () => import("./setup.js"),
  },
  doctor: {
    usage: "doctor [--json]",
    summary: "what is there, what is missing, the command that mends it",
    load: () => import("./doctor.js"),
  },
  device: {
    usage: "device start|stop|list|shell",
    summary: "emulated devices, for adb and for you",
    load: () => import("./device.js"),
  },
  run: {
    usage: "run APK [--config PATH | --payload LIB]",
    summary: "one VM, console on stdout, exit code of the payload",
    load: () => import("./run.js"),
  },
  test: {
    usage: "test [JEST ARGS]",
    summary: "jest with our preset, for a folder with suites and no config",
    load: () => import("./test.js"),
  },
  new: { usage: "new suite NAME", summary: "a suite that runs and passes as written", load: () => import("./new.js") },
  release: {
    usage: "release [ID | --all]",
    summary: "end the hold of a failed test (AVF_HOLD)",
    load: () => import("./release.js"),
  },
  apk: { usage: "apk show|build", summary: "look into an APK, or make one", load: () => import("./apk.js") },
  idsig: {
    usage: "idsig create|verify|show",
    summary: "APK signature scheme v4 files",
    load: () => import("./idsig.js"),
  },
};

/** For this repository's own npm scripts; not part of what users are told. */
const HIDDEN: Readonly<Record<string, Entry["load"]>> = {
  "self-test": () => import("./self-test.js"),
  "self-check": () => import("./self-check.js"),
};

export async function main(args: readonly string[]): Promise<void> {
  try {
    process.exitCode = await dispatch(args);
  } catch (error) {
    process.exitCode = report(error);
  }
}

async function dispatch([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === "help" || name === "--help" || name === "-h") {
    process.stdout.write(help());
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    const { version } = JSON.parse(readFileSync(join(packageRoot, "package.json"), "utf8")) as { version: string };
    process.stdout.write(`${version}\n`);
    return 0;
  }
  const load = Object.hasOwn(SUBCOMMANDS, name)
    ? SUBCOMMANDS[name]?.load
    : Object.hasOwn(HIDDEN, name)
      ? HIDDEN[name]
      : undefined;
  if (load === undefined) {
    throw new UsageError("NO_SUCH_COMMAND", `There is no command "${name}".`, { hint: "npx avf help lists them" });
  }
  return (await load()).run(rest);
}

function help(): string {
  const entries = Object.values(SUBCOMMANDS);
  const width = Math.max(...entries.map((entry) => entry.usage.length));
  const lines = entries.map((entry) => `  avf ${entry.usage.padEnd(width)}  ${entry.summary}`);
  return `Tests for virtual machines on devices.\n\n${lines.join("\n")}\n`;
}

/** Errors of ours are sentences; anything else is a defect and comes with its stack. */
function report(error: unknown): number {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  if (code.startsWith("ERR_PARSE_ARGS")) {
    process.stderr.write(`avf: ${(error as Error).message}\n`);
    return 2;
  }
  if (!isHarnessError(error)) {
    process.stderr.write(`avf: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    return 1;
  }
  const causes: string[] = [];
  for (let cause = error.cause; cause !== undefined; cause = cause instanceof Error ? cause.cause : undefined) {
    causes.push(`  because: ${cause instanceof Error ? cause.message : JSON.stringify(cause)}`);
  }
  process.stderr.write([`avf: ${error.message}`, ...causes, ""].join("\n"));
  return error.kind === "usage" ? 2 : 1;
}
