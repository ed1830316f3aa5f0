import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { RunEvent } from "../../artifacts/events.js";
import { OUTCOME_SUITES } from "../../session/testing/outcome-suites.js";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../../session/testing/run-suite.js";

jest.setTimeout(120_000);

interface FileReport {
  readonly name: string;
  readonly message: string;
  readonly assertionResults: readonly {
    readonly title: string;
    readonly status: string;
    readonly failureMessages: readonly string[];
  }[];
}
type TestEnd = Extract<RunEvent, { kind: "test-end" }>;

describe("tests of a suite", () => {
  let project: SuiteProject;
  let outcome: SuiteOutcome;
  let reports: readonly FileReport[];
  let ends: readonly TestEnd[];

  beforeAll(async () => {
    project = makeProject(OUTCOME_SUITES, { args: ["--runInBand", "--json", "--outputFile=report.json"] });
    outcome = await runProject(project);
    const report = readFileSync(join(project.folder, "report.json"), "utf8");
    reports = (JSON.parse(report) as { testResults: readonly FileReport[] }).testResults;
    ends = project.events().filter((event): event is TestEnd & RunEvent => event.kind === "test-end");
  });
  afterAll(() => project.remove());

  function reportOf(file: string): FileReport {
    const report = reports.find(({ name }) => name.endsWith(`/${file}.test.ts`));
    if (report === undefined) throw new Error(`no report of ${file} in:\n${outcome.output}`);
    return report;
  }
  function statusesOf(file: string): Readonly<Record<string, string>> {
    return Object.fromEntries(reportOf(file).assertionResults.map(({ title, status }) => [title, status]));
  }
  function messageOf(file: string, title: string): string {
    const found = reportOf(file).assertionResults.find((result) => result.title === title);
    return (found?.failureMessages ?? []).join("\n");
  }
  const endsOf = (title: string): readonly TestEnd[] => ends.filter(({ test: name }) => name === title);
  const notes = (): readonly string[] => readFileSync(join(project.folder, "notes"), "utf8").trimEnd().split("\n");

  test("are skipped with what the device has when their file requires more, hooks and all", () => {
    const reason = "requires protected (only non-protected VMs are supported) on device memory";
    expect(statusesOf("requires-file")).toEqual({ "needs a protected VM": "pending", "as well": "pending" });
    expect(outcome.output).toContain(`avf: skipped 2 tests in requires-file.test.ts: ${reason}`);
    expect(endsOf("needs a protected VM")).toMatchObject([{ status: "skipped", skipReason: reason }]);
    expect(notes()).not.toContain("hook of a file that is skipped");
    expect(notes()).not.toContain("body of a test that is skipped");
  });

  test("are skipped one by one, or by block, where they say so themselves", () => {
    expect(statusesOf("requires-calls")).toEqual({
      ...{ "of the future": "pending", "runs 1": "passed", "runs 2": "passed" },
      ...{ "with an outside call": "pending", deeper: "pending", beside: "passed" },
    });
    expect(outcome.output).toContain(
      'avf: skipped "of the future" in requires-calls.test.ts: requires sdk>=99 (sdk is 35)',
    );
    expect(endsOf("a block in it deeper")).toMatchObject([
      { skipReason: "requires cpus>=1000 (cpus is 2) on device memory" },
    ]);
  });

  test("with unknown requirements fail, with the list of known ones", () => {
    expect(reportOf("requires-typo").message).toContain('The requirement "protectd" is not known.');
    expect(reportOf("requires-typo").message).toContain("Known: protected, non-protected,");
  });

  test.each([
    ["a forward", "forward from 127.0.0.1:40001 to tcp:80"],
    ["a command", "attached command: sleep 1000"],
    ["a file", "/data/local/tmp/left on the device"],
    ["a forward past us", "adb forward tcp:1 → tcp:2"],
    ["a host process", "sleep 1234"],
  ])("that leave %s behind fail, and the message names it", (title, what) => {
    expect(statusesOf("leaks")[title]).toBe("failed");
    const message = messageOf("leaks", title);
    expect(message).toContain(`Test "${title}" left behind, removed since:\n  `);
    expect(message).toContain(what);
    expect(endsOf(title)).toMatchObject([{ status: "failed", leaks: [expect.stringContaining(what)] }]);
  });

  test("that leave something and fail report both, the failure first", () => {
    expect(messageOf("leaks", "fails besides")).toMatch(
      /Expected: .*2[^]*It left behind, removed since:\n {2}forward from/,
    );
  });

  test("that put away what they used pass, after those that did not, and so do those that use what hooks made", () => {
    expect(statusesOf("leaks")).toMatchObject({
      "puts away what it uses": "passed",
      "finds nothing of the others": "passed",
    });
    expect(statusesOf("hooks-keep")).toEqual({ "starts it": "passed", "finds it running": "passed" });
  });

  test.each([
    ["wrong expectation", "test", "test (what the test expects, or how it uses the library)"],
    ["VM dies", "product", "product (a VM did not do what it should)"],
    ["lab broken", "infrastructure", "infrastructure (device, adb or host; not the test)"],
    ["wrapped", "infrastructure", "infrastructure (device, adb or host; not the test)"],
  ])("that fail are classed: %s, %s", (title, failureClass, text) => {
    expect(messageOf("classes", title)).toContain(`Failure class: ${text}.`);
    expect(endsOf(title).at(-1)).toMatchObject({ status: "failed", failureClass });
  });

  test("that a broken lab made fail run once more, with their hooks; others do not", () => {
    expect(statusesOf("again")).toEqual({
      ...{ "the lab breaks once": "passed", "only fails": "failed" },
      ...{ "the device leaves once": "passed", "after it": "passed" },
    });
    expect(endsOf("the lab breaks once")).toMatchObject([
      { attempt: 1, status: "failed", failureClass: "infrastructure", retried: true },
      { attempt: 2, status: "passed" },
    ]);
    expect(endsOf("only fails")).toHaveLength(1);
    expect(notes().filter((note) => note === "only fails")).toHaveLength(1);
    expect(notes().filter((note) => note === "each")).toHaveLength(6);
    expect(outcome.output).toContain('avf: "the lab breaks once" failed and runs again (attempt 2 of 2): adb is dead');
    expect(outcome.output).toContain(
      'avf: "the device leaves once" failed and runs again (attempt 2 of 2): Device memory',
    );
    expect(endsOf("lab broken").map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  test("that ask for no device get none", () => {
    expect(statusesOf("nothing")).toEqual({ "asks for no device": "passed" });
    // Each file that asked, and one more for the device that left; a file with a typo and this one did not ask.
    expect(project.closings()).toHaveLength(Object.keys(OUTCOME_SUITES).length - 2 + 1);
  });

  test("count in the end as what they became", () => {
    expect(outcome.exitCode).toBe(1);
    expect(outcome.output).toMatch(/^Tests: 11 passed, 12 failed, 5 skipped$/m);
  });
});
