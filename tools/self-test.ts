/** `npm test` and `npm run test:slow` of this repository: set up what is missing, then unit tests and suites. */
import { packageRoot } from "../src/base/paths.js";
import { ensureReady } from "../src/emulator/index.js";
import { ensureHostTools } from "../src/emulator/host/tools.js";
import { onInterrupt } from "../src/cli/interrupt.js";
import { showProgress } from "../src/cli/progress.js";
import { runJest } from "../src/cli/suites/run-jest.js";
import { halvesOf } from "./halves.js";
import { runSideBySide } from "./side-by-side.js";

/** @param given `--slow` for the slow half of all tests, then what Jest is to get */
export async function run(given: readonly string[]): Promise<number> {
  const isSlow = given[0] === "--slow";
  const args = isSlow ? given.slice(1) : given;
  const interrupt = onInterrupt();
  try {
    // A real device needs no image.
    if (process.env["ANDROID_SERIAL"] === undefined) {
      const progress = showProgress();
      await ensureHostTools("testing", progress, interrupt.signal);
      for (const cpus of [2, 1] as const) await ensureReady({ cpus, progress, signal: interrupt.signal });
      progress.done();
    }
    const { ANDROID_SERIAL, AVF_CROSVM = "" } = process.env;
    if (ANDROID_SERIAL === undefined && AVF_CROSVM === "") {
      // Before the tests, because the last line has their numbers.
      process.stdout.write("Suites run on QEMU only: AVF_CROSVM names no crosvm.\n");
    }
    // Particular tests are one plain run of Jest; with one real device there cannot be two runs.
    const halves = halvesOf(isSlow ? "slow" : "quick", AVF_CROSVM !== "");
    if (args.length === 0 && ANDROID_SERIAL === undefined) return await runSideBySide(halves, interrupt.signal);
    const projects = args.length > 0 ? [] : ["--selectProjects", ...halves.first, ...halves.beside];
    return await runJest([...args, ...projects], { folder: packageRoot });
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
  }
}
