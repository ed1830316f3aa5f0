/**
 * `Tests: N passed, N failed, N skipped`, the last line of a run, on stdout and without colours, for people and scripts
 * that look only there. Jest's own summary (on stderr) stays as it is.
 */

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
  /** The run itself failed, as when no device could be prepared. */
  readonly runExecError?: unknown;
  readonly snapshot: { readonly failure: boolean };
}

/** Passed, failed and skipped tests, as people count them. */
export interface ClosingCounts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A file that did not run, or a hook behind its tests, counts as one failure, and no unsuccessful run says `0 failed`. */
export function closingCounts(results: RunCounts): ClosingCounts {
  const counted = results.numFailedTests + results.numRuntimeErrorTestSuites;
  // Jest sets `success` only after its reporters were called.
  const broken = results.runExecError !== undefined;
  const unsuccessful = broken || results.numFailedTestSuites > 0 || results.wasInterrupted || results.snapshot.failure;
  const failed = unsuccessful ? Math.max(counted, 1) : counted;
  return { passed: results.numPassedTests, failed, skipped: results.numPendingTests + results.numTodoTests };
}

export function closingLine({ passed, failed, skipped }: ClosingCounts): string {
  return `Tests: ${passed} passed, ${failed} failed, ${skipped} skipped`;
}
