import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunEvent, RunEventBody } from "../../artifacts/events.js";
import { appendHistory, readHistory } from "../../history/index.js";
import { buildModel } from "../model/build-model.js";
import type { RunModel } from "../model/run-model.js";
import { addToHistory } from "./add-run.js";
import { withPast } from "./past.js";
import { runEntries } from "./run-entries.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-past-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const WALL_MS = Date.UTC(2026, 0, 1);

/** One run of a test that boots a VM. */
function run(id: string, status: "passed" | "failed", wallMs = WALL_MS): RunModel {
  const about = { file: "/p/a.test.ts", test: "boots", attempt: 1 } as const;
  const vm = { vm: "vm1", machine: 1 } as const;
  const stage = (stage: string): RunEventBody => ({
    ...{ kind: "vm-boot-stage", ...vm, stage, afterMs: 0, run: 1, evidence: "" },
  });
  const bodies: readonly (readonly [atMs: number, body: RunEventBody])[] = [
    [0, { kind: "process-started", wallMs, host: "lab-7" }],
    [0, { kind: "run-started", project: "p", rootDir: "/p", version: "1", argv: [], id, commit: id.repeat(40) }],
    [1, { kind: "device-leased", serial: "s", device: "phone 7 (Android 15, VMs on crosvm 1.2)", durationMs: 1 }],
    [2, { kind: "test-start", ...about }],
    [3, { kind: "vm-created", ...vm }],
    [10, { kind: "api-call", call: "run", ...vm, args: [], durationMs: 5 }],
    [20, { kind: "vm-transition", ...vm, status: "RUNNING", run: 1 }],
    [30, stage("kernel")],
    [260, stage("payload")],
    [300, { kind: "test-end", ...about, status, durationMs: 298, errors: [], failureClass: "product" }],
    [
      301,
      {
        ...{ kind: "test-result", file: "/p/a.test.ts", ancestors: [], title: "boots", status, durationMs: 298.4 },
        ...{ invocations: 1, failures: status === "failed" ? ["no"] : [], retries: [] },
      },
    ],
    [302, { kind: "file-result", file: "/p/a.test.ts", durationMs: 1234 }],
  ];
  const events = bodies.map(([atMs, body]): RunEvent => ({ atMs, pid: 1, ...body }));
  return buildModel(events, folder);
}

test("a run's lines have device, monitor, boot times, class, and how long each file took", () => {
  expect(runEntries(run("a", "failed"))).toEqual([
    { kind: "run", run: "a", atMs: WALL_MS, host: "lab-7", commit: "a".repeat(40) },
    { kind: "file", run: "a", file: "a.test.ts", durationMs: 1234, failed: true },
    {
      ...{ kind: "test", run: "a", file: "a.test.ts", test: "boots", outcome: "failed", durationMs: 298 },
      ...{ failureClass: "product", bootsMs: [250], device: "phone 7 (Android 15, VMs on crosvm 1.2)" },
      monitor: "crosvm 1.2",
    },
  ]);
});

test("a failure is new, continued, or that of a flaky test", () => {
  const path = join(folder, "history.jsonl");
  const add = (...args: Parameters<typeof run>): void =>
    appendHistory(path, runEntries(run(...args)), undefined, WALL_MS);
  const past = (status: "passed" | "failed"): unknown => withPast(run("z", status), readHistory([path])).tests[0]?.past;
  expect(past("failed")).toBeUndefined();
  add("a", "passed", WALL_MS - 9);
  expect(past("failed")).toMatchObject({ strip: "p", mark: "new failure" });
  expect(past("passed")).toMatchObject({ strip: "p", mark: "" });
  add("b", "failed", WALL_MS - 8);
  expect(past("failed")).toEqual({
    ...{ strip: "pf", mark: "failed in the last run as well", detail: "fails since commit bbbbbbbbbb" },
  });
  // Another run of the same commit.
  appendHistory(
    path,
    runEntries(run("c", "passed", WALL_MS - 7)).map((entry) =>
      entry.kind === "run" ? { ...entry, commit: "b".repeat(40) } : entry,
    ),
    undefined,
    WALL_MS,
  );
  expect(past("failed")).toMatchObject({ strip: "pfp", mark: "known flaky" });
});

test("a history that cannot be written is reported, and fails nothing", () => {
  writeFileSync(join(folder, "in the way"), "");
  expect(addToHistory(join(folder, "in the way/history.jsonl"), [run("a", "passed")])).toEqual([
    expect.stringMatching(/not added to the history: .*(EEXIST|ENOTDIR)/),
  ]);
});
