/** What a run does whose lab takes a device back in the middle of a file. */
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "../../artifacts/events.js";
import { packageRoot } from "../../base/paths.js";
import { LENT_SUITES } from "../../session/testing/lent-suites.js";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../../session/testing/run-suite.js";

jest.setTimeout(120_000);

type TestEnd = Extract<RunEvent, { kind: "test-end" }>;

let project: SuiteProject;
let outcome: SuiteOutcome;
let events: readonly RunEvent[];

beforeAll(async () => {
  project = makeProject(LENT_SUITES, {
    args: ["--runInBand"],
    config: { testEnvironment: join(packageRoot, "src/jest/testing/lent-environment.cjs") },
    // A lab of which nothing is asked; what is on the host is no leak of a device.
    options: { harnessModule: undefined, devices: "labgrid://lab/?place=shelf-1", leaks: "off" },
    env: { AVF_CACHE_DIR: undefined },
  });
  project.environment["AVF_CACHE_DIR"] = join(project.folder, "cache");
  outcome = await runProject(project);
  events = project.events();
});
afterAll(() => project.remove());

const ends = (): readonly TestEnd[] => events.filter((event): event is TestEnd & RunEvent => event.kind === "test-end");

/** Attempts of a file's tests, in order. */
function attemptsAt(file: string): readonly string[] {
  return ends()
    .filter((end) => end.file.endsWith(`/${file}.test.ts`))
    .map(({ test: name, status, failureClass }) => [name, status, failureClass].filter(Boolean).join(", "));
}

function notesOf(file: string): readonly string[] {
  const notes = readFileSync(join(project.folder, "notes"), "utf8").trimEnd().split("\n");
  return notes.flatMap((note) => (note.startsWith(`${file}.test.ts: `) ? note.slice(note.indexOf(": ") + 2) : []));
}

test("the test that lost it runs again on another device, which is that of the tests after it", () => {
  expect(attemptsAt("in-a-test")).toEqual([
    "before it, passed",
    "loses it once, failed, infrastructure",
    "loses it once, passed",
    "after it, passed",
  ]);
  // The first is given back before the second is taken.
  expect(notesOf("in-a-test")).toEqual([
    "before on place-1, given back: 0",
    "middle on place-1, given back: 0",
    "middle on place-2, given back: 1,0",
    "after on place-2, given back: 1,0",
  ]);
  expect(outcome.stderr).toContain(
    'avf: "loses it once" failed and runs again (attempt 2 of 2): place-1 is no longer ours: anna has it now.',
  );
});

test("the next test has another, when it was lost behind the last call of one", () => {
  expect(attemptsAt("between-tests")).toEqual([
    "before it, passed",
    "loses it behind its last call, passed",
    "after it, passed",
  ]);
  expect(notesOf("between-tests")).toEqual(["before on place-1, given back: 0", "after on place-2, given back: 1,0"]);
});

test("a test that loses each one fails with the reason, and the next test has another", () => {
  expect(attemptsAt("again-and-again")).toEqual([
    "loses each that it gets, failed, infrastructure",
    "loses each that it gets, failed, infrastructure",
    "after it, passed",
  ]);
  expect(notesOf("again-and-again")).toEqual(["after on place-3, given back: 1,1,0"]);
});

test("a device that hooks have is not exchanged: the rest of the file fails with the reason", () => {
  expect(attemptsAt("in-hands-of-hooks")).toEqual([
    "before it, passed",
    ...Array.from({ length: 2 }, () => "loses it, failed, infrastructure"),
    ...Array.from({ length: 2 }, () => "after it, failed, infrastructure"),
  ]);
  expect(notesOf("in-hands-of-hooks")).toEqual(["before on place-1, given back: 0"]);
});

test("each attempt is told what is said of it, and nothing of others that failed with the same error", () => {
  const failed = ends().filter(({ status }) => status === "failed");
  const told = failed.map(({ errors }) => errors.join("\n").match(/Failure class:|Attempt \d of \d\./g));
  expect(told).toHaveLength(7);
  expect(told).toEqual(
    failed.map(({ attempt, retried }) => ["Failure class:", ...(retried === true ? [`Attempt ${attempt} of 2.`] : [])]),
  );
});

test("nothing else fails for it, and each device that was taken was given back", () => {
  expect(outcome.output).toMatch(/^Tests: +3 failed, 8 passed, 11 total$/m);
  expect(outcome.output).not.toContain("while handling Jest's event");
  const kinds = events.map(({ kind }) => kind).filter((kind) => /^device-(?:leased|released)$/.test(kind));
  expect(kinds).toEqual(Array.from({ length: 8 }, () => ["device-leased", "device-released"]).flat());
});
