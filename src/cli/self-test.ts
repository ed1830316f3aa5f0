/** `npm test` of this repository: sets up what is missing, then unit tests and suites. */
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { constants } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import { ensureReady } from "../emulator/index.js";
import { DIES_WITH_US } from "../process/owned-process.js";
import { onInterrupt } from "./interrupt.js";
import { showProgress } from "./progress.js";

export async function run(args: readonly string[]): Promise<number> {
  const interrupt = onInterrupt();
  try {
    // A real device needs no image.
    if (process.env["ANDROID_SERIAL"] === undefined) {
      const progress = showProgress();
      await ensureReady({ progress, signal: interrupt.signal });
      progress.done();
    }
    const { ANDROID_SERIAL, AVF_CROSVM = "" } = process.env;
    if (ANDROID_SERIAL === undefined && AVF_CROSVM === "") {
      // Before the tests, for the last line is that of their numbers.
      process.stdout.write("Suites run on QEMU only: AVF_CROSVM names no crosvm.\n");
    }
    return await runJest(args, packageRoot);
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
  }
}

/**
 * Runs jest as a child with our terminal, and ends as it ends. It dies with us, and signals to us are handed on: Jest's
 * side releases devices before it goes. `jestOf`: the folder whose Jest it is.
 */
export async function runJest(args: readonly string[], folder: string, jestOf = folder): Promise<number> {
  const jest = createRequire(join(jestOf, "package.json")).resolve("jest/bin/jest");
  const [program = "", ...rest] = [...DIES_WITH_US, process.execPath, jest, ...args];
  const child = spawn(program, rest, { cwd: folder, stdio: "inherit" });
  const pass = (name: NodeJS.Signals): void => void child.kill(name);
  const names: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const name of names) process.on(name, pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (exitCode, signal) => resolve(exitCode ?? 128 + (signal ? constants.signals[signal] : 1)));
    });
  } finally {
    for (const name of names) process.off(name, pass);
  }
}
