/** Jest's own `test.concurrent` in a file of ours, whose tests run at the same time. */
import { afterAll, beforeAll, expect, jest, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";

jest.setTimeout(120_000);

const SUITES = {
  "concurrent.test.ts": suite(`
    import { test as plain } from "@jest/globals";
    import { spawn } from "node:child_process";
    import { once } from "node:events";
    import { appendFileSync } from "node:fs";
    const sleep = async (seconds: string): Promise<void> => {
      const [exitCode, signal] = await once(spawn("sleep", [seconds], { stdio: "ignore" }), "exit");
      expect({ exitCode, signal }).toEqual({ exitCode: 0, signal: null });
    };
    plain.concurrent("takes long", () => sleep("2"));
    plain.concurrent("takes less", () => sleep("0.1"));
    plain.concurrent("fails", async () => { appendFileSync("notes", "fails\\n"); expect(1).toBe(2); });
    plain.concurrent.skip("is left out", async () => undefined);
    test("one of ours beside them", async ({ runningVm }) => { await expect(runningVm).toPrint("Hello"); });`),
  "requires.test.ts": `/** @avf-requires sdk>=99 */
    ${suite(`
    import { test as plain } from "@jest/globals";
    plain.concurrent("of the future", async () => { throw new Error("must not run"); });
    plain.concurrent("as well", async () => { throw new Error("must not run"); });`)}`,
};

let project: SuiteProject;
let outcome: SuiteOutcome;
beforeAll(async () => {
  project = makeProject(SUITES, { args: ["--runInBand", "--json", "--outputFile=report.json"] });
  outcome = await runProject(project);
});
afterAll(() => project.remove());

interface JestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

test("none of them ends what another has started, and those that fail have one attempt", () => {
  const report = JSON.parse(readFileSync(join(project.folder, "report.json"), "utf8")) as JestReport;
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  expect(results.filter(({ title }) => title !== "fails").flatMap((one) => one.failureMessages)).toEqual([]);
  expect(Object.fromEntries(results.map(({ title, status }) => [title, status]))).toEqual({
    ...{ "takes long": "passed", "takes less": "passed", fails: "failed", "is left out": "pending" },
    ...{ "one of ours beside them": "passed", "of the future": "pending", "as well": "pending" },
  });
  expect(readFileSync(join(project.folder, "notes"), "utf8")).toBe("fails\n");
});

test("the record has what ran alone, and why others did not run; the reports have all", () => {
  const ends = project.events().flatMap((event) => (event.kind === "test-end" ? [event] : []));
  const skipReason = expect.stringMatching(/^requires sdk>=99 \(sdk is 35\)/);
  expect(ends.sort((a, b) => (a.test < b.test ? -1 : 1))).toMatchObject([
    { test: "as well", status: "skipped", skipReason },
    { test: "is left out", status: "skipped" },
    { test: "of the future", status: "skipped", skipReason },
    { test: "one of ours beside them", status: "passed" },
  ]);
  expect(project.evidence("junit.xml")).toMatch(/<testsuites name="\S+" tests="7" failures="1" errors="0" skipped="3"/);
  expect(outcome.output).not.toContain("while handling Jest's event");
});
