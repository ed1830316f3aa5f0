/** Jest's results of a run in which no reporter of ours receives them: counted, and handed to the run's record. */
import type { JestEvent } from "../../artifacts/events.js";
import { failureOutside, fileResults, type JestFile, type JestFileResult } from "../../reporter/jest-results.js";
import type { RunReports } from "../../reporter/run-reports.js";

/** The part of Jest's `TestResult` that is used here. */
export interface TestFileResult extends JestFileResult {
  readonly numPassingTests: number;
  readonly numFailingTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  /** With `--detectLeaks`. */
  readonly leaks?: boolean;
}

/** Of a file that could not run. */
export interface TestFileFailure {
  readonly message: string;
  readonly stack?: string | null;
}

export class ResultCount {
  #passed = 0;
  #failed = 0;
  #skipped = 0;

  constructor(private readonly run: RunReports) {}

  add(file: JestFile & { readonly path: string }, result: TestFileResult): void {
    // Jest takes both for failures, but its runner does not.
    if (result.testResults.length === 0) {
      const message = result.failureMessage ?? "Your test suite must contain at least one test.";
      return this.addFailure(file, { message });
    }
    if (result.leaks === true) return this.addFailure(file, { message: "Your test suite is leaking memory." });
    this.#passed += result.numPassingTests;
    this.#failed += result.numFailingTests + (failureOutside(result) === undefined ? 0 : 1);
    this.#skipped += result.numPendingTests + result.numTodoTests;
    this.run.add(...fileResults(file, result));
  }

  addFailure(file: JestFile & { readonly path: string }, { message, stack }: TestFileFailure): void {
    this.#failed++;
    const failureMessage = stack?.includes(message) === true ? stack : message;
    this.run.add(...fileResults(file, { testFilePath: file.path, failureMessage, testResults: [] }));
  }

  ended(interrupted: boolean): JestEvent {
    const [passed, skipped] = [this.#passed, this.#skipped];
    // No run that was cut short looks as if all had passed.
    const failed = interrupted ? Math.max(this.#failed, 1) : this.#failed;
    return { kind: "run-ended", passed, failed, skipped, success: failed === 0, interrupted };
  }
}
