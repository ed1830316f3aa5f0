/** What KTAP output says, as data. The grammar is that of Documentation/dev-tools/ktap.rst, with what TAP 13 and 14 add. */

/**
 * `expected-failure`: XFAIL. `todo`: TODO and not ok. `missing`: planned, or begun, and no result line came.
 * A test with subtests has the status of its own result line.
 */
export type KtapStatus = "passed" | "failed" | "skipped" | "expected-failure" | "todo" | "missing";

export type KtapDirective = "SKIP" | "TODO" | "XFAIL" | "TIMEOUT" | "ERROR";

/** What is wrong with the output itself. `fatal`: results may be missing or not to be trusted, so nothing has passed. */
export interface KtapProblem {
  readonly kind:
    | "bail-out"
    | "interrupted"
    | "missing-results"
    | "no-result-line"
    | "no-tests"
    | "numbering"
    | "over-limit"
    | "too-many-results"
    | "unknown-version";
  readonly fatal: boolean;
  readonly text: string;
}

export interface KtapTest {
  readonly name: string;
  /** Of its result line; undefined where there was none, or it had none. */
  readonly number: number | undefined;
  readonly status: KtapStatus;
  readonly directive: KtapDirective | undefined;
  /** What follows the directive, or the hash sign. */
  readonly reason: string | undefined;
  /** Lines that came before its result and belong to it: what it said, and what the kernel said meanwhile. */
  readonly diagnostics: readonly string[];
  /** Lines before those that are not kept. */
  readonly omittedDiagnostics: number;
  readonly plan: number | undefined;
  readonly tests: readonly KtapTest[];
  readonly problems: readonly KtapProblem[];
}

/** A version line, or where there is none a plan or a first result, and all that belongs to it. */
export interface KtapDocument {
  /** `KTAP 1`, `TAP 13`; undefined without a version line. */
  readonly version: string | undefined;
  readonly plan: number | undefined;
  /** `1..0 # SKIP reason` */
  readonly skipReason: string | undefined;
  readonly tests: readonly KtapTest[];
  /** Lines behind the last result. */
  readonly diagnostics: readonly string[];
  readonly problems: readonly KtapProblem[];
  /** Its plan is fulfilled, or it bailed out. One without a plan is complete only when the output has ended. */
  readonly complete: boolean;
}

export interface KtapReport {
  /** In the order in which they began. */
  readonly documents: readonly KtapDocument[];
  /** What the kernel's own test runner said instead of running tests: `kunit executor: …`. */
  readonly runnerError: string | undefined;
  /** Documents that were not read, for there were too many. */
  readonly omittedDocuments: number;
}

/** Output of a guest is never trusted to end. */
export const LIMITS = {
  lineLength: 8_192,
  nameLength: 500,
  depth: 32,
  tests: 100_000,
  documents: 1_000,
  diagnosticLines: 100,
  diagnosticLength: 1_000,
  /** Of all that is kept of a report. */
  diagnosticTotal: 4 << 20,
} as const;
