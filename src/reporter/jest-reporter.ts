/**
 * The package's Jest reporter: notes Jest's results in the run's record, writes the reports when the run is over or cut
 * short, and prints where they are, then `Tests: N passed, N failed, N skipped` as the very last line.
 */
import { writeSync } from "node:fs";
import { join } from "node:path";
import { eventFiles } from "../artifacts/read-events.js";
import { ownRunFolder } from "../artifacts/run-folder.js";
import { flushRecords, RunRecord } from "../artifacts/run-record.js";
import { describeError } from "../base/errors.js";
import { annotations } from "./annotations.js";
import { closingCounts, closingLine, type ClosingCounts, type RunCounts } from "./closing-line.js";
import { fileResults, runEnded, runStarted, type JestFile, type JestFileResult } from "./jest-results.js";
import { startLiveView, type LiveView } from "./live/live-view.js";
import { countTests } from "./model/run-model.js";
import { shortPath, writeReports } from "./reports.js";

/** Jest says after a second that it "did not exit"; our lines come after that. */
const STUCK_AFTER_MS = 1_500;
/** For workers that end at the same signal as we do: they write their events at least every quarter of a second. */
const WORKERS_WRITE_MS = 300;

export default class AvfReporter {
  readonly #rootDir: string;
  /** Undefined when no test of the run is in our environment. */
  #folder: string | undefined;
  #record: RunRecord | undefined;
  #live: LiveView | undefined;
  #counts: ClosingCounts | undefined;
  #lines: readonly string[] = [];
  #watching = false;
  #printed = false;

  constructor(globalConfig: { readonly rootDir: string }) {
    this.#rootDir = globalConfig.rootDir;
  }

  onRunStart(): void {
    this.#folder = ownRunFolder();
    if (this.#folder === undefined) return;
    this.#record = new RunRecord(this.#folder);
    this.#record.add(runStarted(this.#rootDir, process.argv.slice(2)));
    this.#live = startLiveView({ runFolder: this.#folder, rootDir: this.#rootDir });
    this.#watchEnd();
  }

  onTestFileResult(file: JestFile, result: JestFileResult): void {
    for (const event of fileResults(file, result)) this.#record?.add(event);
  }

  /** Jest may call it twice after `--bail`, and prints its own summary after it. */
  onRunComplete(_contexts: unknown, results: RunCounts): void {
    const counts = closingCounts(results);
    this.#live?.end();
    this.#live = undefined;
    this.#counts = counts;
    this.#printed = false;
    this.#record?.add(runEnded(results, counts));
    flushRecords();
    this.#writeReports();
    this.#watchEnd();
    // For a run that hangs after its end on something a suite left open, and is then killed.
    setTimeout(() => this.#print(), STUCK_AFTER_MS).unref();
  }

  #watchEnd(): void {
    if (this.#watching) return;
    this.#watching = true;
    process.once("exit", () => {
      if (this.#counts === undefined) this.#cutShort();
      this.#print();
    });
  }

  /** A signal came, or Jest gave up: what is on disk by now is what the reports can tell. */
  #cutShort(): void {
    this.#live?.end();
    if (this.#folder === undefined) return;
    flushRecords();
    if (eventFiles(this.#folder).length > 1) {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, WORKERS_WRITE_MS);
    }
    const run = this.#writeReports();
    if (run === undefined) return;
    const { passed, failed, unfinished, skipped } = countTests(run);
    this.#counts = { passed, failed: Math.max(failed + unfinished, 1), skipped };
  }

  #writeReports(): ReturnType<typeof writeReports>["run"] | undefined {
    if (this.#folder === undefined) return undefined;
    try {
      const { run, files, problems } = writeReports(this.#folder);
      const [first] = files;
      const where = first === undefined ? [] : [`Report: ${shortPath(join(this.#folder, first))}`];
      this.#lines = [...annotations(run), ...problems.map((problem) => `avf: ${problem}`), ...where];
      return run;
    } catch (error) {
      // A full disk makes no test fail.
      this.#lines = [`avf: no reports were written: ${describeError(error)}`];
      return undefined;
    }
  }

  #print(): void {
    if (this.#printed || this.#counts === undefined) return;
    this.#printed = true;
    const text = [...this.#lines, closingLine(this.#counts), ""].join("\n");
    // Past process.stdout, whose `write` Jest's default reporter has replaced by one that waits for a timer.
    writeAll(1, text);
  }
}

/** A pipe whose reader is slow takes what fits, or nothing for now. */
function writeAll(file: number, text: string): void {
  let rest = Buffer.from(text);
  for (let tries = 0; rest.length > 0 && tries < 200; tries++) {
    try {
      rest = rest.subarray(writeSync(file, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 10);
    }
  }
}
