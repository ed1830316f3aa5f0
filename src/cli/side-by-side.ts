/**
 * Suites and unit tests of this repository at once: the suites wait for one device most of their time, and a second device
 * on the same two processors would slow both of them down. The suites have the terminal; what the unit tests say follows.
 */
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import { closingCounts, closingLine, type ClosingCounts, type RunCounts } from "../reporter/closing-line.js";
import { showProgress } from "./progress.js";
import { runJest } from "./run-jest.js";

const SUITES_REPORTERS = ["default", join(packageRoot, "dist/reporter/jest-reporter.js")];
const COUNTS_REPORTER = join(packageRoot, "src/jest/testing/counts-reporter.cjs");

interface PartResult {
  readonly exitCode: number;
  readonly counts: ClosingCounts;
}

/** Returns the exit code: 0 when both parts passed. */
export async function runSideBySide(interrupted: AbortSignal): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), "avf-self-test-"));
  try {
    process.stdout.write("Unit tests run beside the suites; what they say follows at the end.\n");
    const log = join(folder, "unit.log");
    const unit = runUnitTests(folder, log);
    const suites = await runPart(["--ignoreProjects", "unit"], SUITES_REPORTERS, join(folder, "suites.json"));
    const progress = showProgress();
    if (!interrupted.aborted) progress.step("Waiting for the unit tests");
    const both = [suites, await unit];
    progress.done();
    process.stderr.write(`\nUnit tests, which ran meanwhile:\n${await readFile(log, "utf8")}`);
    process.stdout.write(`${closingLine(sum(both.map(({ counts }) => counts)))}\n`);
    return both.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runUnitTests(folder: string, log: string): Promise<PartResult> {
  const output = openSync(log, "w");
  try {
    return await runPart(["--selectProjects", "unit"], ["default"], join(folder, "unit.json"), output);
  } finally {
    closeSync(output);
  }
}

async function runPart(
  selection: readonly string[],
  reporters: readonly string[],
  countsFile: string,
  output?: number,
): Promise<PartResult> {
  const args = [...selection, ...[...reporters, COUNTS_REPORTER].flatMap((reporter) => ["--reporters", reporter])];
  const colours = process.stderr.isTTY && process.env["NO_COLOR"] === undefined ? { FORCE_COLOR: "1" } : {};
  const exitCode = await runJest(args, {
    folder: packageRoot,
    env: { AVF_COUNTS_FILE: countsFile, ...(output === undefined ? {} : colours) },
    ...(output === undefined ? {} : { output }),
  });
  return { exitCode, counts: await readCounts(countsFile, exitCode) };
}

/** A run that came to no end counts as one failure. */
async function readCounts(path: string, exitCode: number): Promise<ClosingCounts> {
  try {
    const counts = closingCounts(JSON.parse(await readFile(path, "utf8")) as RunCounts);
    return exitCode === 0 ? counts : { ...counts, failed: Math.max(counts.failed, 1) };
  } catch {
    return { passed: 0, failed: 1, skipped: 0 };
  }
}

function sum(counts: readonly ClosingCounts[]): ClosingCounts {
  const total = (name: keyof ClosingCounts): number => counts.reduce((all, one) => all + one[name], 0);
  return { passed: total("passed"), failed: total("failed"), skipped: total("skipped") };
}
