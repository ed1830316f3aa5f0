/** A run as its reports tell it. Times are milliseconds since the run began, on the run's one clock. */

import type { ShardOfRun } from "../../artifacts/events.js";
import type { SubtestStatus } from "../../artifacts/events/subtests.js";

/** `flaky`: failed, then passed. `unfinished`: the run, or its process, ended before the test did. */
export type Outcome = "passed" | "failed" | "flaky" | "skipped" | "todo" | "unfinished";

export interface RunModel {
  /** Name of the run's folder. */
  readonly name: string;
  readonly folder: string;
  /** Name of the project under test, and its folder. */
  readonly project: string;
  readonly rootDir: string;
  /** Version of jest-avf. */
  readonly version: string;
  readonly argv: readonly string[];
  /** Milliseconds since 1970. */
  readonly startedWallMs: number;
  readonly durationMs: number;
  /** It ended otherwise than by having run all its tests. */
  readonly cutShort: boolean;
  readonly devices: readonly DeviceModel[];
  /** By file, in the order in which they ran. */
  readonly tests: readonly TestModel[];
  /** Files that could not run at all. */
  readonly brokenFiles: readonly BrokenFile[];
  /** Files that came to their end, whatever that was. */
  readonly files: readonly FileModel[];
  readonly origin: RunOrigin;
  /** Of a report of several runs: what each of them was, and what is to be said of the whole. */
  readonly merged?: { readonly parts: readonly PartModel[]; readonly notes: readonly string[] };
}

/** One of the runs that a report was merged from. */
interface PartModel {
  /** `shard 2/4 on lab-7`. */
  readonly name: string;
  readonly origin: RunOrigin;
  readonly argv: readonly string[];
  readonly startedWallMs: number;
  readonly durationMs: number;
  readonly cutShort: boolean;
  readonly counts: Counts;
}

/** Where a run comes from. What older records do not tell is undefined. */
export interface RunOrigin {
  readonly id: string | undefined;
  readonly host: string | undefined;
  readonly shard: ShardOfRun | undefined;
  readonly commit: string | undefined;
  readonly pipeline: string | undefined;
}

export interface FileModel {
  readonly file: string;
  readonly project: string | undefined;
  readonly durationMs: number;
}

export interface BrokenFile {
  readonly file: string;
  readonly project: string | undefined;
  readonly failure: string;
}

export interface DeviceModel {
  readonly serial: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly pid: number;
  readonly leasedMs: number;
  readonly releasedMs: number | undefined;
}

export interface TestModel {
  /** Number in this run; from 1. */
  readonly id: number;
  /** Relative to the project's folder. */
  readonly file: string;
  /** Jest's name for a group of suites, where there are several. */
  readonly project: string | undefined;
  readonly ancestors: readonly string[];
  readonly title: string;
  /** As `-t` matches it. */
  readonly name: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly startMs: number | undefined;
  /** Empty for tests outside of our environment. */
  readonly attempts: readonly AttemptModel[];
  /** Of the last attempt, as Jest prints them. */
  readonly failures: readonly string[];
  /** Of the attempts before. */
  readonly earlierFailures: readonly string[];
  readonly line: number | undefined;
  readonly skipReason: string | undefined;
  readonly failureClass: string | undefined;
  readonly rerun: string;
  /** Tests that ran inside its VMs, as these reported: of the last attempt. */
  readonly subtests: readonly SubtestModel[];
  /** Where a history is kept, and it has this test. */
  readonly past?: TestPast;
}

/** How a test did before, and what that makes of how it did now. */
export interface TestPast {
  /** The oldest first: `p`assed, `f`ailed, `r`etried and passed then, `u`nfinished. */
  readonly strip: string;
  /** `new failure`, `known flaky`, `newly flaky`, `failed in the last 4 runs as well`; empty for what passed. */
  readonly mark: string;
  /** `flaky in 3 of 40 runs (7.5 %, 95 % interval 2.6 to 19.9 %), first at commit 1a2b3c4d5e`. */
  readonly detail: string;
}

export interface SubtestModel {
  /** From the outside to the inside; the first is that of the VM, where several VMs ran such tests. */
  readonly names: readonly string[];
  readonly status: SubtestStatus;
  readonly reason: string;
  readonly diagnostics: readonly string[];
}

export interface AttemptModel {
  readonly attempt: number;
  readonly status: "passed" | "failed" | "skipped" | "todo" | "unfinished";
  readonly startMs: number;
  readonly endMs: number;
  readonly pid: number;
  readonly worker: string | undefined;
  /** Where it ran, in a report of several runs: `shard 2/4 on lab-7`. */
  readonly place?: string;
  readonly device: DeviceModel | undefined;
  /** What runs its VMs, as the device reported when it was leased: `qemu 7.2.22`. */
  readonly vmm: string | undefined;
  readonly errors: readonly string[];
  /** Folder with what was saved, relative to the run's, and the files in it. */
  readonly evidence: { readonly folder: string; readonly files: readonly string[] } | undefined;
  readonly machines: readonly MachineModel[];
  /** What was done about checkpoints of the device. */
  readonly checkpoints: readonly (Span & { readonly text: string })[];
  readonly calls: readonly CallModel[];
  readonly assertions: readonly AssertionModel[];
  readonly steps: readonly StepModel[];
  readonly deviceLog: readonly LineModel[];
  readonly subtests: readonly SubtestModel[];
  /** Lines of its VMs and its device that are not here, because there were too many. */
  readonly omittedLines: number;
}

export interface LineModel {
  readonly atMs: number;
  readonly stream: string;
  readonly text: string;
}

export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** A virtual machine, as far as it can be seen from one attempt at a test. */
export interface MachineModel {
  readonly name: string;
  readonly machine: number;
  /** Made by a hook, and there for all tests of its file. */
  readonly ofFile: boolean;
  readonly cid: number | undefined;
  /** Its latest run did not boot: it continued from a template. */
  readonly isCopy: boolean;
  readonly config: Readonly<Record<string, unknown>>;
  readonly statuses: readonly (Span & { readonly status: string; readonly cause: string })[];
  readonly phases: readonly (Span & { readonly phase: string })[];
  readonly events: readonly { readonly atMs: number; readonly event: string; readonly detail: string }[];
  readonly lines: readonly LineModel[];
}

export interface CallModel extends Span {
  readonly layer: "api" | "device";
  readonly text: string;
  readonly vm: string | undefined;
  /** Which VM of that name: a test may use a name again. Unknown in records that do not say it. */
  readonly machine: number | undefined;
  readonly failure: string | undefined;
}

export interface AssertionModel extends Span {
  readonly text: string;
  readonly passed: boolean;
  readonly vm: string | undefined;
  /** As of a call. */
  readonly machine: number | undefined;
  readonly message: string | undefined;
}

export interface StepModel extends Span {
  readonly title: string;
  readonly category: string;
  readonly failure: string | undefined;
}

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly flaky: number;
  readonly skipped: number;
  readonly unfinished: number;
}

/** A flaky test counts as passed as well, a file that could not run as one failure. */
export function countTests(run: RunModel): Counts {
  const count = (...outcomes: readonly Outcome[]): number =>
    run.tests.filter(({ outcome }) => outcomes.includes(outcome)).length;
  return {
    passed: count("passed", "flaky"),
    failed: count("failed") + run.brokenFiles.length,
    flaky: count("flaky"),
    skipped: count("skipped", "todo"),
    unfinished: count("unfinished"),
  };
}
