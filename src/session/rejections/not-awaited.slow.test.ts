import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "../../artifacts/events.js";
import { NOT_AWAITED_SUITES } from "../testing/not-awaited-suites.js";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../testing/run-suite.js";

jest.setTimeout(120_000);

interface FileReport {
  readonly name: string;
  readonly assertionResults: readonly {
    readonly fullName: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}
type Event<K extends RunEvent["kind"]> = Extract<RunEvent, { readonly kind: K }>;

let project: SuiteProject;
let outcome: SuiteOutcome;
let results: FileReport["assertionResults"];
let ends: readonly (Event<"test-end"> | Event<"test-failed-late">)[];

beforeAll(async () => {
  project = makeProject(NOT_AWAITED_SUITES, { args: ["--runInBand", "--json", "--outputFile=report.json"] });
  outcome = await runProject({ ...project, environment: { ...project.environment, AVF_LIVE: undefined } });
  const report = readFileSync(join(project.folder, "report.json"), "utf8");
  const files = (JSON.parse(report) as { testResults: readonly FileReport[] }).testResults;
  results = files.flatMap(({ assertionResults }) => assertionResults);
  ends = project.events().filter((event) => event.kind === "test-end" || event.kind === "test-failed-late");
});
afterAll(() => project.remove());

const messagesOf = (name: string): readonly string[] =>
  results.find(({ fullName }) => fullName === name)?.failureMessages ?? [];
const endOf = (name: string): (typeof ends)[number] | undefined => ends.findLast(({ test: full }) => full === name);

/** Where a comment marks a line of a suite. */
function place(file: string, mark: string): string {
  const lines = (NOT_AWAITED_SUITES[file] ?? "").split("\n");
  return `${file}:${lines.findIndex((line) => line.endsWith(`// LINE ${mark}`)) + 1}:`;
}

test("the record and the live lines say of each test what Jest says in the end", () => {
  const ours = (name: string): string => {
    const end = endOf(name);
    return end?.kind === "test-end" ? end.status : "failed";
  };
  const jests = results.map(({ fullName, status }) => [fullName, status === "pending" ? "skipped" : status]);
  expect(jests.map(([name = ""]) => [name, ours(name)])).toEqual(jests);
  const lines = [
    ...outcome.output.matchAll(/^avf: \[\d+\] ([✓✗]) \S+ › (.*?)(?: \([\d.]+ m?s\)|, when it was over: .*)$/gm),
  ];
  const live = new Map(lines.map(([, sign, name]) => [name, sign === "✓" ? "passed" : "failed"]));
  expect(jests.filter(([, status]) => status !== "skipped")).toEqual(
    jests.filter(([name = ""]) => live.has(name)).map(([name = ""]) => [name, live.get(name)]),
  );
  expect(new Set(jests.map(([, status]) => status))).toEqual(new Set(["passed", "failed", "skipped"]));
});

test("what was saved of each failure is there, and in its message", () => {
  const failed = results.filter(({ status }) => status === "failed");
  expect(failed.length).toBeGreaterThan(10);
  for (const { fullName, failureMessages } of failed) {
    const evidence = endOf(fullName)?.evidence;
    expect([fullName, evidence]).toEqual([fullName, expect.any(String)]);
    expect(failureMessages[0]).toContain(`Saved for this failure: out/`);
    expect(project.evidence(`${evidence ?? "?"}/failure.txt`)).toContain("Failure class: ");
  }
});

describe("an assertion that was not awaited", () => {
  test.each([
    ["open at the end", "open", "expect(vm1).toPrint('never comes')"],
    ["of a fixture's VM", "fixture", "expect(vm1).toPrint('never comes')"],
    ["is to fail, and is not awaited", "failing", "expect(vm1).toPrint('never comes')"],
  ])("%s: fails with the matcher and the test's line", (name, mark, call) => {
    const [message, ...more] = messagesOf(name);
    expect(more).toEqual([]);
    expect(message).toMatch(`Test "${name}" ended while ${call} was still open.`);
    expect(message).toContain(place("assertion.test.ts", mark));
    expect(message).toContain("Failure class: test ");
    expect(project.evidence(`${endOf(name)?.evidence ?? "?"}/vm1.history.txt`)).toContain("status RUNNING");
  });

  test("fails each separately, if there are several", () => {
    const messages = messagesOf("of two, both open").join("\n---\n");
    expect(messages).toMatch(/expect\(vm1\)\.toPrint\('first'\) was still open/);
    expect(messages).toContain(place("assertion.test.ts", "two-a"));
    expect(messages).toMatch(/expect\(vm1\)\.toReachStatus\('STOPPED'\) was still open/);
    expect(messages).toContain(place("assertion.test.ts", "two-b"));
  });

  test("keeps its own message and class if it failed before the end", () => {
    const [message] = messagesOf("failed before the end");
    expect(message).toContain('The kernel of VM "vm1" panicked');
    expect(message).toContain("expect(vm1).toPrint('never comes', { timeoutMs: 60000 }) was not awaited.");
    expect(message).toContain(place("assertion.test.ts", "failed"));
    expect(endOf("failed before the end")).toMatchObject({ failureClass: "product" });
    expect(messagesOf("negated, and of Jest")[0]).toContain("expect(promise).resolves.not.toBe(1) was not awaited.");
  });

  test("is reported beside the failure that ended the test", () => {
    const [message, ...more] = messagesOf("open when the body fails");
    expect(more).toEqual([]);
    expect(message).toMatch(/Expected: .*2[^]*Still open then, and not awaited:\n {2}expect\(vm1\)\.toPrint/);
  });
});

describe("a call that was not awaited", () => {
  test.each([
    ["a wait", "wait", 'Test "a wait" ended while waitUntil("ready") of VM "vm1" was still open.'],
    ["a command", "command", 'Test "a command" ended while device.exec(["hang", "for ever"]) was still open.'],
    [
      "a refused run",
      "run",
      'VM is not in stopped state\nName of the VM: "vm1".\n\nrun() of VM "vm1" was not awaited.',
    ],
    ["of the suite's own", "own", "own rejection"],
    ["thrown by a timer", "timer", "from a timer"],
  ])("%s: fails with the call and the test's line", (name, mark, text) => {
    const [message] = messagesOf(name);
    expect(message).toContain(text);
    expect(message).toContain(place("calls.test.ts", mark));
    expect(endOf(name)).toMatchObject({ kind: "test-end", failureClass: "test" });
  });

  test("that a timeout ended is only reported by the timeout", () => {
    const messages = messagesOf("in time-out, awaited");
    expect(messages).toHaveLength(1);
    expect(messages[0]).toMatch(/Exceeded timeout of 300 ms[^]*waiting in waitUntil\("ready"\) of VM "vm1"/);
    expect(messages[0]).not.toContain("not awaited");
  });
});

test.each([
  ["a block rejects later", "late rejection"],
  ["a block throws later", "late exception"],
  ["is the last, and rejects in the hook behind it", "last rejection"],
  ["before all, later two", "late of beforeAll"],
])("what comes after the end of a test still fails it: %s", (name, text) => {
  expect(messagesOf(name)[0]).toContain(`${text}\n\nIt came when the test was over: await all that a test starts.`);
  expect(ends.filter(({ test: full }) => full === name)).toMatchObject([
    { kind: "test-end", status: "passed" },
    { kind: "test-failed-late", errors: [expect.stringContaining(text)], failureClass: "test" },
  ]);
});

test("an error of a hook for several tests has the notes of each test's own", () => {
  for (const name of ["before all one", "before all one more"]) {
    const [message = ""] = messagesOf(name);
    expect(message.match(/Saved for this failure/g)).toHaveLength(1);
    expect(message).toContain(`${endOf(name)?.evidence ?? "?"}/`);
  }
});
