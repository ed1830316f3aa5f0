import { describe, expect, test } from "@jest/globals";
import type { RunEvent, RunEventBody } from "../../artifacts/events.js";
import { buildModel } from "./build-model.js";
import type { AttemptModel } from "./run-model.js";

const FILE = "/p/a.test.ts";
const RUN_START_MS = 5_000;

/** Of one process; times count from the beginning of the run. */
function attempts(bodies: readonly (readonly [number, RunEventBody])[]): readonly AttemptModel[] {
  const events = bodies.map(([atMs, body]): RunEvent => ({ atMs: RUN_START_MS + atMs, pid: 7, ...body }));
  return buildModel(events, "/p/avf-results/run").tests.flatMap((one) => one.attempts);
}

const started = (name: string): RunEventBody => ({ kind: "test-start", file: FILE, test: name, attempt: 1 });
const ended = (name: string): RunEventBody => ({
  ...{ kind: "test-end", file: FILE, test: name, attempt: 1, status: "passed", durationMs: 1, errors: [] },
});
const transition = (status: string, cause: object): RunEventBody => ({
  ...{ kind: "vm-transition", vm: "vm1", machine: 1, status, run: 1, cause },
});
const line = (text: string): RunEventBody => ({
  ...{ kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line: text },
});
const restoredTo = (checkpoint: string, durationMs: number): RunEventBody => {
  return { kind: "device-restored", checkpoint, durationMs };
};

/** A VM that the first test boots and saves, the second one finds, and the third does not. */
const CHECKPOINT: readonly (readonly [number, RunEventBody])[] = [
  [0, { kind: "run-started", project: "p", rootDir: "/p", version: "0", argv: [] }],
  [10, started("first")],
  [20, { kind: "vm-created", vm: "vm1", machine: 1 }],
  [20, transition("STOPPED", { kind: "created" })],
  [30, { kind: "api-call", call: "run", vm: "vm1", machine: 1, args: [], durationMs: 10 }],
  [40, transition("RUNNING", { kind: "run", cid: 2048 })],
  [41, { kind: "vm-boot-stage", vm: "vm1", machine: 1, stage: "vmm", afterMs: 0, run: 1, evidence: "" }],
  [50, line("booted")],
  [90, { kind: "checkpoint-saved", checkpoint: "ready", kept: true, durationMs: 30 }],
  [91, transition("STOPPED", { kind: "stop", reason: { kind: "known", name: "KILLED" } })],
  [95, transition("RUNNING", { kind: "run", cid: 2049 })],
  [99, ended("first")],
  [100, started("second")],
  [110, line("a last word of what the first test ran")],
  [150, transition("RUNNING", { kind: "restored", checkpoint: "ready", cid: 2048 })],
  [160, restoredTo("ready", 55)],
  [170, line("goes on")],
  [199, ended("second")],
  [200, started("third")],
  [250, transition("DELETED", { kind: "restored", checkpoint: "pristine" })],
  [260, restoredTo("pristine", 90)],
  [299, ended("third")],
];

describe("a VM that comes back with a checkpoint", () => {
  const [first, second, third] = attempts(CHECKPOINT);

  test("is one of the test that finds it, from then on", () => {
    expect(second?.machines).toHaveLength(1);
    expect(second?.machines[0]).toMatchObject({
      ...{ name: "vm1", cid: 2048 },
      statuses: [{ startMs: 150, endMs: 199, status: "RUNNING", cause: 'restored to "ready" (CID 2048)' }],
      lines: [{ atMs: 170, text: "goes on" }],
    });
  });

  test("has not booted there", () => {
    expect(first?.machines[0]?.phases.length).toBeGreaterThan(0);
    expect(second?.machines[0]?.phases).toEqual([]);
    expect(first?.machines[0]?.isCopy).toBe(false);
  });

  test("does not belong to a test whose device never had it", () => {
    expect(third?.machines).toEqual([]);
  });
});

test("steps for checkpoints are shown with their beginning, which may be before the test", () => {
  expect(attempts(CHECKPOINT).map(({ checkpoints }) => checkpoints)).toEqual([
    [{ startMs: 60, endMs: 90, text: 'saved "ready", also for later runs' }],
    [{ startMs: 105, endMs: 160, text: 'restored to "ready"' }],
    [{ startMs: 200, endMs: 260, text: 'restored to "pristine"' }],
  ]);
});

test("a device that is booted to a checkpoint says why", () => {
  const booted = { kind: "checkpoint-booted", checkpoint: "ready", durationMs: 5, why: "no snapshots" } as const;
  const [attempt] = attempts([
    [0, started("only")],
    [10, booted],
    [20, ended("only")],
  ]);
  expect(attempt?.checkpoints).toEqual([{ startMs: 5, endMs: 10, text: 'went all the way to "ready": no snapshots' }]);
});

test("a VM that went on from a template is marked, and has not booted a kernel", () => {
  const stage = (name: string): RunEventBody => {
    return { kind: "vm-boot-stage", vm: "vm1", machine: 1, stage: name, afterMs: 0, run: 1, evidence: "" };
  };
  const [attempt] = attempts([
    [0, started("only")],
    [10, transition("RUNNING", { kind: "run", cid: 2048 })],
    [10, stage("vmm")],
    [10, stage("kernel")],
    [20, stage("init")],
    [21, line("[    2.159240] microdroid_manager[1]: resumed from a template")],
    [30, ended("only")],
  ]);
  const [vm] = attempt?.machines ?? [];
  expect(vm?.isCopy).toBe(true);
  expect(vm?.phases.map(({ phase }) => phase)).toEqual(["start of the VMM", "copy of a template", "init"]);
});

test("a test that failed after its end has failed", () => {
  const late: RunEventBody = {
    ...{ kind: "test-failed-late", file: FILE, test: "first", attempt: 1, occurrence: 2 },
    ...{ errors: ["Error: late"], failureClass: "test" },
  };
  const of = (occurrence: number): RunEventBody => ({
    kind: "test-start",
    file: FILE,
    test: "first",
    attempt: 1,
    occurrence,
  });
  const [one, two] = attempts([
    [0, of(1)],
    [1, ended("first")],
    [2, of(2)],
    [3, ended("first")],
    [9, late],
  ]);
  expect(one).toMatchObject({ status: "passed", errors: [] });
  expect(two).toMatchObject({
    status: "failed",
    errors: ["Error: late"],
  });
});
