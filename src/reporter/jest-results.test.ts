import { expect, test } from "@jest/globals";
import { failureOutside, runStarted } from "./jest-results.js";

const tests = (...statuses: readonly string[]) =>
  statuses.map((status) => ({ ancestorTitles: [], title: status, status, failureMessages: [] }));
/** As Jest keeps an `afterAll` hook that failed. */
const hook = { message: "", stack: "Error: the hook\n    at a.test.ts:9:1" };

test.each([
  ["nothing", { failureMessage: null, testResults: tests("passed") }, undefined],
  ["its tests alone", { failureMessage: "● fails", testResults: tests("passed", "failed") }, undefined],
  ["the whole file", { failureMessage: "SyntaxError", testResults: [] }, "SyntaxError"],
  [
    "a hook behind tests that passed",
    { failureMessage: "● the hook", testExecError: hook, testResults: tests("passed") },
    "● the hook",
  ],
  [
    "a hook behind a test that failed, which Jest's text has, too",
    { failureMessage: "● fails\n\n● the hook", testExecError: hook, testResults: tests("failed") },
    hook.stack,
  ],
])("what failed outside of tests: %s", (_what, result, failure) => {
  expect(failureOutside({ testFilePath: "/p/a.test.ts", ...result })).toBe(failure);
});

test.each([
  [["--watchAll"], "greets", ["--watchAll", "-t", "greets"]],
  [["-it", "greets"], "greets", ["-it", "greets", "-t", "greets"]],
  [["-t", "greets"], "greets", ["-t", "greets"]],
  [["--testNamePattern=greets"], "greets", ["--testNamePattern=greets"]],
  [["-i"], "", ["-i"]],
  [["-i"], undefined, ["-i"]],
])("a run of %j whose tests match %j is recorded as %j", (argv, namePattern, recorded) => {
  expect(runStarted(__dirname, argv, { namePattern })).toMatchObject({ argv: recorded });
});
