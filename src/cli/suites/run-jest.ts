/** Jest as a child of ours. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants, setPriority } from "node:os";
import { join } from "node:path";
import { diesWithUs } from "../../process/die-with-us.js";

interface RunJestOptions {
  /** Where it runs. */
  readonly folder: string;
  /** The folder whose Jest it is. Default: the same. */
  readonly jestOf?: string;
  /** Added to ours. */
  readonly env?: Readonly<Record<string, string>>;
  /** How much others on this host come first. Default: not. */
  readonly nice?: number;
  /** Descriptor that gets all it says, instead of our terminal. */
  readonly output?: number;
}

/**
 * Runs Jest, and ends as it ends. It dies with us, and signals to us are handed on: its side releases devices before it
 * goes.
 */
export async function runJest(args: readonly string[], options: RunJestOptions): Promise<number> {
  const { folder, jestOf = folder, env, nice, output } = options;
  const jest = createRequire(join(jestOf, "package.json")).resolve("jest/bin/jest");
  const [program = "", ...rest] = [...diesWithUs(), process.execPath, jest, ...args];
  const stdio = output === undefined ? "inherit" : (["ignore", output, output] as const);
  const pass = (name: NodeJS.Signals): void => void child.kill(name);
  const names: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  // Before Jest starts: a signal between the two would end us alone.
  for (const name of names) process.on(name, pass);
  const child = spawn(program, rest, { cwd: folder, stdio: stdio as "inherit", env: { ...process.env, ...env } });
  try {
    if (nice !== undefined && child.pid !== undefined) setPriority(child.pid, nice);
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (exitCode, signal) => resolve(exitCode ?? 128 + (signal ? constants.signals[signal] : 1)));
    });
  } finally {
    for (const name of names) process.off(name, pass);
  }
}
