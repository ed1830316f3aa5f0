/** What the page gets as JSON. Times are whole tenths of a millisecond since the test, or the run, began; see `time`. */

export interface IndexData {
  readonly project: string;
  readonly run: string;
  readonly version: string;
  readonly command: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly cutShort: boolean;
  readonly counts: Readonly<Record<"passed" | "failed" | "flaky" | "skipped" | "unfinished", number>>;
  readonly devices: readonly { readonly serial: string; readonly description: string; readonly build: string }[];
  readonly workers: readonly string[];
  readonly tests: readonly IndexTest[];
  readonly brokenFiles: readonly { readonly file: string; readonly failure: string }[];
  /** The runs that this report was merged from; empty for one run. */
  readonly parts: readonly {
    readonly name: string;
    readonly startedAt: string;
    readonly durationMs: number;
    readonly cutShort: boolean;
    readonly counts: IndexData["counts"];
  }[];
  /** What is to be said of the whole: a shard that is missing, a clock that is wrong. */
  readonly notes: readonly string[];
}

export interface IndexTest {
  readonly id: number;
  readonly file: string;
  readonly project: string;
  readonly ancestors: readonly string[];
  readonly title: string;
  readonly outcome: string;
  readonly durationMs: number;
  /** Of its attempts: when, since the run began, and by which of `workers`. */
  readonly ran: readonly {
    readonly startMs: number;
    readonly endMs: number;
    readonly worker: number;
    readonly bad: boolean;
  }[];
  readonly failureClass: string;
  /** First line of why it failed, or was skipped. */
  readonly reason: string;
  /** How it did in the runs before, a letter each: see `TestPast`. */
  readonly past: string;
  readonly mark: string;
  readonly pastDetail: string;
  /** `7 sub-tests, 2 failed`, of those that ran in its VMs; empty where there were none. */
  readonly subtests: string;
}

/** Read only when the test is looked at. */
export interface TestData {
  readonly failures: readonly string[];
  readonly rerun: string;
  readonly attempts: readonly AttemptData[];
}

export interface AttemptData {
  readonly status: string;
  readonly durationMs: number;
  readonly device: string;
  readonly vmm: string;
  readonly worker: string;
  readonly errors: readonly string[];
  readonly evidence: readonly { readonly name: string; readonly href: string }[];
  readonly machines: readonly MachineData[];
  readonly subtests: readonly SubtestData[];
  readonly spans: readonly SpanData[];
  readonly lines: readonly LineData[];
  /** Lines that were left out, here or in the run's record. */
  readonly droppedLines: number;
}

/** A test that ran in a VM. `outcome`: `passed`, `failed` or `skipped`. */
export interface SubtestData {
  readonly names: readonly string[];
  readonly outcome: string;
  /** Why it failed or was skipped, and what it said, if it failed. */
  readonly text: string;
}

export interface MachineData {
  readonly name: string;
  readonly about: string;
  readonly config: string;
}

export type SpanKind = "status" | "phase" | "step" | "wait" | "fixture" | "assertion" | "checkpoint" | "api" | "adb";

/** Something with a beginning and an end. `machine`: place in `machines`, or -1. */
export interface SpanData {
  readonly kind: SpanKind;
  readonly startMs: number;
  readonly endMs: number;
  readonly text: string;
  readonly machine: number;
  readonly failed: boolean;
  readonly detail: string;
}

/** `[milliseconds, stream, place in machines or -1, text]`: thousands of them are to be expected. */
export type LineData = readonly [atMs: number, stream: string, machine: number, text: string];
