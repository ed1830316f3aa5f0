/**
 * The package's Jest reporter: hands Jest's results to the run's record, and prints where the reports are, then
 * `Tests: N passed, N failed, N skipped` as the very last line. The reports themselves come without it, too.
 */
import { join } from "node:path";
import { annotations } from "./annotations.js";
import { closingCounts, closingLine, type ClosingCounts, type RunCounts } from "./closing-line.js";
import { fileResults, runEnded, type JestFile, type JestFileResult, type JestShard } from "./jest-results.js";
import { countTests } from "./model/run-model.js";
import { shortPath } from "./reports.js";
import { beginRun, type RunOutcome, type RunReports } from "./run-reports.js";
import { writeAll } from "./write-all.js";

/** Jest says after a second that it "did not exit"; our lines come after that. */
const STUCK_AFTER_MS = 1_500;
/** Coverage and a teardown of the project's own may take longer; one that hangs takes the lines with it no longer. */
const MOST_LOOKS = 40;

/** The part of Jest's `GlobalConfig` that is used here. */
interface JestConfig {
  readonly rootDir: string;
  readonly shard?: JestShard | undefined;
  readonly testNamePattern?: string | undefined;
  readonly json?: boolean;
  readonly silent?: boolean | undefined;
  readonly useStderr?: boolean;
  readonly watch?: boolean;
  readonly watchAll?: boolean;
  readonly reporters?: readonly (string | readonly [string, unknown])[] | undefined;
}

/** What Jest changes in its results once all reporters were called: whether the run succeeded, and at its very end the handles. */
interface RunResults extends RunCounts {
  readonly success?: boolean;
  readonly openHandles?: readonly unknown[];
}

/** Of Jest's own reporters, those that talk to people. */
const FOR_PEOPLE = ["default", "agent", "verbose", "summary"];

/** In watch mode Jest makes one a run. The latest has the last word. */
const last: { reporter?: AvfReporter } = {};
let watching = false;

export default class AvfReporter {
  #run: RunReports | undefined;
  #lines: readonly string[] = [];
  #counts: ClosingCounts | undefined;
  #results: RunResults | undefined;
  #printed = true;

  constructor(private readonly config: JestConfig) {}

  onRunStart(): void {
    last.reporter?.print();
    last.reporter = this;
    const { rootDir, shard, testNamePattern: namePattern } = this.config;
    const onCutShort = (outcome: RunOutcome): void => this.#cutShort(outcome);
    this.#run = beginRun({ rootDir, shard, namePattern, watches: watches(this.config), onCutShort });
    if (watching) return;
    watching = true;
    // After the run's own listener, which was there first.
    process.on("exit", (exitCode) => last.reporter?.print(exitCode));
  }

  onTestFileResult(file: JestFile, result: JestFileResult): void {
    this.#run?.add(...fileResults(file, result));
  }

  /** Jest may call it twice after `--bail`, and prints its own summary after it. */
  onRunComplete(_contexts: unknown, results: RunResults): void {
    const counts = closingCounts(results);
    this.#close(counts, this.#run?.end(runEnded(results, counts)));
    this.#run = undefined;
    // Later the keys of watch mode belong to the user.
    if (watches(this.config)) return this.print();
    this.#results = results;
    this.#printWhenStuck(results);
  }

  /** @param exitCode of the process, if it ends now: something may have failed behind the tests */
  print(exitCode = 0): void {
    if (this.#printed || this.#counts === undefined) return;
    this.#printed = true;
    const { passed, failed, skipped } = this.#counts;
    const isFailure = exitCode !== 0 || this.#results?.success === false;
    const counts = { passed, failed: isFailure ? Math.max(failed, 1) : failed, skipped };
    const text = [...this.#lines, closingLine(counts), ""].join("\n");
    // Past process.stdout, whose `write` Jest's default reporter has replaced by one that waits for a timer.
    writeAll(ownsStdout(this.config) ? 1 : 2, text);
  }

  /** For a run that hangs after its end on something a suite left open, and is then killed. */
  #printWhenStuck(results: RunResults): void {
    const { openHandles } = results;
    let [looks, isOver] = [0, false];
    const timer = setInterval(() => {
      if (isOver || ++looks === MOST_LOOKS) this.print();
      if (this.#printed) clearInterval(timer);
      // Only then Jest has told all that it has to tell, and waits for what is open.
      isOver = results.openHandles !== openHandles;
    }, STUCK_AFTER_MS).unref();
  }

  #cutShort(outcome: RunOutcome): void {
    if ("failure" in outcome) return this.#close({ passed: 0, failed: 1, skipped: 0 }, outcome);
    const { passed, failed, unfinished, skipped } = countTests(outcome.run);
    this.#close({ passed, failed: Math.max(failed + unfinished, 1), skipped }, outcome);
  }

  #close(counts: ClosingCounts, outcome: RunOutcome | undefined): void {
    this.#counts = counts;
    // After `--bail` the second call has nothing new to write.
    if (outcome !== undefined || this.#printed) this.#lines = linesOf(outcome);
    this.#printed = false;
  }
}

function linesOf(outcome: RunOutcome | undefined): readonly string[] {
  if (outcome === undefined) return [];
  return [...("failure" in outcome ? [] : annotations(outcome.run)), ...describeOutcome(outcome)];
}

/** Where the reports are, and what could not be written. */
export function describeOutcome(outcome: RunOutcome): readonly string[] {
  if ("failure" in outcome) return [`avf: no reports were written: ${outcome.failure}`];
  const { folder, files, problems } = outcome;
  const [first] = files;
  const where = first === undefined ? [] : [`Report: ${shortPath(join(folder, first))}`];
  return [...problems.map((problem) => `avf: ${problem}`), ...where];
}

function watches({ watch = false, watchAll = false }: JestConfig): boolean {
  return watch || watchAll;
}

/** Not where stdout is for programs: JSON, or what a reporter of the project's own prints. */
function ownsStdout({ json, silent, useStderr, reporters }: JestConfig): boolean {
  if (json === true || silent === true || useStderr === true) return false;
  const names = reporters?.map((reporter) => (typeof reporter === "string" ? reporter : reporter[0]));
  return names === undefined || names.some((name) => FOR_PEOPLE.includes(name));
}
