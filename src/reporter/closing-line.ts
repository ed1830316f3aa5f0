/**
 * Prints `Tests: N passed, N failed, N skipped` as the last line of a run, on stdout and without colours, for people and
 * scripts that look only there. Jest's own summary (on stderr) stays as it is.
 */

import { writeSync } from "node:fs";

/** Jest says after a second that it "did not exit"; our line comes after that. */
const STUCK_AFTER_MS = 1_500;

/** The part of Jest's `AggregatedResult` that is counted here. */
export interface RunCounts {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** Test files that could not run at all: Jest counts none of their tests. */
  readonly numRuntimeErrorTestSuites: number;
  readonly numFailedTestSuites: number;
  readonly wasInterrupted: boolean;
  readonly snapshot: { readonly failure: boolean };
}

export default class ClosingLineReporter {
  #line: string | undefined;
  #printed = false;

  /** Jest may call it twice after `--bail`, and prints its own summary after it. */
  onRunComplete(_contexts: unknown, results: RunCounts): void {
    if (this.#line === undefined) {
      process.once("exit", () => this.#print());
      // For a run that hangs after its end on something a suite left open, and is then killed.
      setTimeout(() => this.#print(), STUCK_AFTER_MS).unref();
    }
    this.#line = closingLine(results);
    this.#printed = false;
  }

  #print(): void {
    if (this.#printed || this.#line === undefined) return;
    this.#printed = true;
    // Past process.stdout, whose `write` Jest's default reporter has replaced by one that waits for a timer.
    writeSync(1, `${this.#line}\n`);
  }
}

/** A file that did not run counts as one failure, and no unsuccessful run says `0 failed`. */
export function closingLine(results: RunCounts): string {
  const counted = results.numFailedTests + results.numRuntimeErrorTestSuites;
  // Jest sets `success` only after its reporters were called.
  const unsuccessful = results.numFailedTestSuites > 0 || results.wasInterrupted || results.snapshot.failure;
  const failed = unsuccessful ? Math.max(counted, 1) : counted;
  const skipped = results.numPendingTests + results.numTodoTests;
  return `Tests: ${results.numPassedTests} passed, ${failed} failed, ${skipped} skipped`;
}
