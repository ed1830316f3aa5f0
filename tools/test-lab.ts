/**
 * `npm run test:lab`: leases against labgrid's own coordinator, which is installed from PyPI into the cache the first time.
 * Skipped, with the reason, where there is no Python for it. Arguments are Jest's.
 */
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onInterrupt } from "../src/cli/interrupt.js";
import { runJest } from "../src/cli/suites/run-jest.js";
import { openCache } from "../src/base/cache/cache.js";
import { packageRoot } from "../src/base/paths.js";
import { takeFileLock } from "../src/process/locks/file-lock.js";
import { runUnchecked } from "../src/process/run.js";

const VERSION = "26.0.1";
const INSTALL_TIMEOUT_MS = 10 * 60_000;

export async function run(args: readonly string[]): Promise<number> {
  const interrupt = onInterrupt();
  try {
    const labgrid = process.env["AVF_LABGRID"] ?? (await installLabgrid(interrupt.signal));
    if (typeof labgrid !== "string") {
      process.stdout.write(`test:lab skipped: ${labgrid.reason}\n`);
      return 0;
    }
    process.env["AVF_LABGRID"] = labgrid;
    return await runJest([...args, "--selectProjects", "lab"], { folder: packageRoot });
  } catch (error) {
    if (interrupt.exitCode !== undefined) return interrupt.exitCode;
    throw error;
  } finally {
    interrupt.dispose();
  }
}

/** A virtual environment: nothing is installed on the host. */
async function installLabgrid(signal: AbortSignal): Promise<string | { readonly reason: string }> {
  const tools = join(openCache(), "test-tools");
  const lock = await takeFileLock(join(tools, "lock.json"), {
    purpose: "installing labgrid",
    timeoutMs: INSTALL_TIMEOUT_MS,
    signal,
  });
  try {
    const folder = join(tools, `labgrid-${VERSION}`);
    const made = join(folder, "made");
    if (existsSync(made)) return folder;
    process.stdout.write(`Installing labgrid ${VERSION} into ${folder}\n`);
    const steps = [
      ["python3", "-m", "venv", "--clear", folder],
      [join(folder, "bin/pip"), "install", "--quiet", `labgrid==${VERSION}`],
    ] as const;
    for (const step of steps) {
      const { exitCode, stderr, startFailure } = await runUnchecked(step, { timeoutMs: INSTALL_TIMEOUT_MS, signal });
      if (exitCode === 0) continue;
      return { reason: `${step.join(" ")} failed: ${startFailure ?? stderr.trim().split("\n").slice(-3).join(" ")}` };
    }
    writeFileSync(made, "");
    return folder;
  } finally {
    lock.release();
  }
}
