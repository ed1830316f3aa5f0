/** What a run records, one JSON object a line. All data, no live handles: reporters read it in other processes. */

import type { SubtestsEvent } from "./events/subtests.js";

export type TestStatus = "passed" | "failed" | "skipped" | "todo";

/** Who has to look at a failure: the suite's author, the owner of the VM under test, or that of the lab. */
export type FailureClass = "test" | "product" | "infrastructure";

/** What happened, without when and where. */
export type RunEventBody = ProcessEvent | DeviceEvent | TestEvent | SubtestsEvent | VmRecordEvent | JestEvent;

/** Of a process that writes events. */
type ProcessEvent =
  /** Comes first in each file. `wallMs`: milliseconds since 1970 at `atMs`. */
  | { readonly kind: "process-started"; readonly wallMs: number; readonly worker?: string; readonly host?: string }
  /** What a VM prints is no longer recorded, for the file grew too long. */
  | { readonly kind: "record-full" }
  /** So many lines of VMs and device logs were left out, up to this time. */
  | { readonly kind: "output-omitted"; readonly lines: number; readonly machine?: number };

type DeviceEvent =
  | {
      readonly kind: "device-leased";
      readonly serial: string;
      readonly device: string;
      readonly durationMs: number;
      /** Those that tell one build from another. */
      readonly properties?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "device-released"; readonly serial: string }
  /** `kept`: for later runs as well. */
  | {
      readonly kind: "checkpoint-saved";
      readonly checkpoint: string;
      readonly kept: boolean;
      readonly durationMs: number;
    }
  /** The device is where it was when the checkpoint was made; `pristine` is before its first use. */
  | { readonly kind: "device-restored"; readonly checkpoint: string; readonly durationMs: number }
  /** The steps that lead to a checkpoint were gone through, and nothing was restored. `why`: if it was meant to be. */
  | {
      readonly kind: "checkpoint-booted";
      readonly checkpoint: string;
      readonly durationMs: number;
      readonly why?: string;
    }
  /** Recorded when it is over; `atMs` is when it began. */
  | {
      readonly kind: "device-call";
      readonly call: string;
      readonly argv: readonly string[];
      readonly durationMs: number;
      readonly exitCode: number | undefined;
      readonly failure?: string;
    }
  /** A line of the device's own log. */
  | { readonly kind: "device-log"; readonly line: string };

type TestEvent =
  /** Tests from now on are of this file, in this process. */
  | { readonly kind: "file-started"; readonly file: string; readonly project?: string }
  | { readonly kind: "file-ended"; readonly file: string }
  | {
      readonly kind: "test-start";
      readonly file: string;
      readonly test: string;
      readonly attempt: number;
      /** Which of the tests of this name in its file, in the order of their declaration; from 1. */
      readonly occurrence?: number;
    }
  | {
      readonly kind: "test-end";
      readonly file: string;
      readonly test: string;
      readonly attempt: number;
      readonly status: TestStatus;
      readonly durationMs: number;
      readonly errors: readonly string[];
      /** Folder with what was saved for this test, relative to the run's folder. */
      readonly evidence?: string;
      /** Of a failed test. */
      readonly failureClass?: FailureClass;
      /** Why it was skipped: what it requires, and what the device has instead. */
      readonly skipReason?: string;
      /** Another attempt follows. */
      readonly retried?: true;
      /** What it left on device and host; removed since. */
      readonly leaks?: readonly string[];
    }
  /** Jest fails a test whose end was reported: something that it started and did not await went wrong. */
  | {
      readonly kind: "test-failed-late";
      readonly file: string;
      readonly test: string;
      readonly attempt: number;
      readonly occurrence: number;
      readonly errors: readonly string[];
      readonly failureClass: FailureClass;
      readonly evidence?: string;
    }
  /** A failed test's device and VMs are kept; `recordFile` says how to reach them. */
  | {
      readonly kind: "hold-started";
      readonly file: string;
      readonly test: string;
      readonly timeoutMs: number;
      readonly recordFile: string;
    }
  | { readonly kind: "hold-ended"; readonly reason: string }
  /** The process that ran this file died; `test` is the one it was at. */
  | { readonly kind: "worker-died"; readonly file: string; readonly test?: string; readonly diedPid: number }
  /** A signal ended the run while this test ran. */
  | { readonly kind: "interrupted"; readonly signal: string; readonly test?: string }
  /** What the test is busy with: a fixture, a wait, or a step of its own. */
  | {
      readonly kind: "step-started";
      readonly step: number;
      readonly title: string;
      readonly category: StepCategory;
    }
  | { readonly kind: "step-ended"; readonly step: number; readonly failure?: string }
  /** A call of a matcher. Recorded when it is over; `atMs` is when it began. */
  | {
      readonly kind: "assertion";
      readonly matcher: string;
      readonly negated: boolean;
      readonly passed: boolean;
      readonly durationMs: number;
      /** The VM it is about, where it is about one. */
      readonly vm?: string;
      readonly machine?: number;
      readonly received: string;
      readonly expected: string;
      readonly message?: string;
    }
  /** A call of the lifecycle library by a test. Recorded when it is over; `atMs` is when it began. */
  | {
      readonly kind: "api-call";
      readonly call: string;
      readonly vm?: string;
      readonly machine?: number;
      readonly args: readonly string[];
      readonly durationMs: number;
      readonly failure?: string;
    };

export type StepCategory = "fixture" | "wait" | "step";

type VmRecordEvent =
  | { readonly kind: "vm-created"; readonly vm: string; readonly machine: number; readonly config?: unknown }
  | {
      readonly kind: "vm-transition";
      readonly vm: string;
      readonly machine: number;
      readonly status: string;
      readonly run?: number;
      readonly cause?: unknown;
    }
  | {
      readonly kind: "vm-output";
      readonly vm: string;
      readonly machine: number;
      readonly stream: "console" | "log";
      readonly line: string;
    }
  | {
      /** A stage of a boot, known from a line or an event: vmm, firmware, kernel, init, verified, payload, ready. */
      readonly kind: "vm-boot-stage";
      readonly vm: string;
      readonly machine: number;
      readonly stage: string;
      /** Since the VM was started. */
      readonly afterMs: number;
      readonly run: number;
      readonly evidence: string;
    }
  | {
      readonly kind: "vm-event";
      readonly vm: string;
      readonly machine: number;
      readonly event: string;
      readonly detail?: unknown;
    };

/** What Jest itself reported, in its own process. */
export type JestEvent =
  | {
      readonly kind: "run-started";
      readonly project: string;
      readonly rootDir: string;
      readonly version: string;
      readonly argv: readonly string[];
      /** Names this run among all others. */
      readonly id?: string;
      readonly host?: string;
      readonly shard?: ShardOfRun;
      readonly commit?: string;
      /** The run of a CI system that this one is a job of. */
      readonly pipeline?: string;
    }
  | {
      readonly kind: "file-result";
      readonly file: string;
      readonly project?: string;
      readonly failure?: string;
      /** From its start to its end, setup included. */
      readonly durationMs?: number;
    }
  | {
      readonly kind: "test-result";
      readonly file: string;
      readonly project?: string;
      readonly ancestors: readonly string[];
      readonly title: string;
      readonly status: TestStatus;
      readonly durationMs: number;
      /** How often it ran. */
      readonly invocations: number;
      /** Of the last attempt, as Jest prints them. */
      readonly failures: readonly string[];
      /** Of the attempts before. */
      readonly retries: readonly string[];
      readonly line?: number;
    }
  | {
      readonly kind: "run-ended";
      readonly passed: number;
      readonly failed: number;
      readonly skipped: number;
      readonly success: boolean;
      readonly interrupted: boolean;
    };

/** Which part of a suite the run is; `--shard=2/4`. */
export interface ShardOfRun {
  readonly index: number;
  readonly count: number;
  /** Files of all shards, where our sequencer split them. */
  readonly files?: number;
  /** Equal where all shards were split the same way. */
  readonly digest?: string;
}

export type RunEvent = RunEventBody & {
  /** When, on the run's clock: see clock.ts. */
  readonly atMs: number;
  /** Process that wrote it. */
  readonly pid: number;
};
