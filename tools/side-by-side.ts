/**
 * The tests of this repository in two halves at once: suites that share a device, and beside them tests that need none or
 * devices of other kinds. The first half has the terminal; the output of the other follows.
 */
import { closeSync, openSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atOnce } from "../src/base/async/at-once.js";
import { packageRoot } from "../src/base/paths.js";
import { allOf } from "../src/base/text/word-list.js";
import { closingCounts, closingLine, type ClosingCounts, type RunCounts } from "../src/reporter/closing-line.js";
import { showProgress } from "../src/cli/progress.js";
import { runJest } from "../src/cli/suites/run-jest.js";
import type { Halves } from "./halves.js";

const REPORTERS = [
  "default",
  join(packageRoot, "dist/reporter/jest-reporter.js"),
  join(packageRoot, "src/session/testing/counts-reporter.cjs"),
];

/** The first half comes first: if processors of a device are preempted, its others wait for them busily. */
const BESIDE_NICE = 10;

interface PartResult {
  readonly exitCode: number;
  readonly counts: ClosingCounts;
}

/** Returns the exit code: 0 when both parts passed. */
export async function runSideBySide({ first, beside }: Halves, interrupted: AbortSignal): Promise<number> {
  const [leading, listed] = [first, beside].map(allOf);
  const folder = await mkdtemp(join(tmpdir(), "avf-self-test-"));
  try {
    process.stdout.write(
      `Running ${leading} and, in parallel, ${listed}; the output of the latter follows at the end.\n`,
    );
    const log = join(folder, "beside.log");
    const progress = showProgress();
    const both = await atOnce<readonly PartResult[]>(
      async () => {
        const part = await runPart(["--runInBand", "--selectProjects", ...first], join(folder, "first.json"));
        if (!interrupted.aborted) progress.step(`Waiting for ${listed}`);
        return part;
      },
      () => runBeside(beside, folder, log),
    );
    progress.done();
    process.stderr.write(`\nOutput of the parallel run (${listed}):\n${await readFile(log, "utf8")}`);
    process.stdout.write(`${closingLine(sum(both.map(({ counts }) => counts)))}\n`);
    return both.find(({ exitCode }) => exitCode !== 0)?.exitCode ?? 0;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runBeside(projects: readonly string[], folder: string, log: string): Promise<PartResult> {
  const output = openSync(log, "w");
  try {
    return await runPart(["--maxWorkers=2", "--selectProjects", ...projects], join(folder, "beside.json"), output);
  } finally {
    closeSync(output);
  }
}

async function runPart(selection: readonly string[], countsFile: string, output?: number): Promise<PartResult> {
  const args = [...selection, ...REPORTERS.flatMap((reporter) => ["--reporters", reporter])];
  const colours = process.stderr.isTTY && process.env["NO_COLOR"] === undefined ? { FORCE_COLOR: "1" } : {};
  const exitCode = await runJest(args, {
    folder: packageRoot,
    env: { AVF_COUNTS_FILE: countsFile, ...(output === undefined ? {} : colours) },
    ...(output === undefined ? {} : { output, nice: BESIDE_NICE }),
  });
  return { exitCode, counts: await readCounts(countsFile, exitCode) };
}

/** A run that did not finish counts as one failure. */
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
