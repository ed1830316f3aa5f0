import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { FORM_SUITES, REFUSED } from "../../session/testing/form-suites.js";
import { makeProject, runProject, type SuiteProject } from "../../session/testing/run-suite.js";

jest.setTimeout(120_000);

interface FileReport {
  readonly name: string;
  readonly message: string;
  readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
}

describe("test, in every form that Jest's takes", () => {
  let project: SuiteProject;
  let reports: readonly FileReport[];

  beforeAll(async () => {
    project = makeProject(FORM_SUITES, { args: ["--runInBand", "--json", "--outputFile=report.json"] });
    await runProject(project);
    const report = readFileSync(join(project.folder, "report.json"), "utf8");
    reports = (JSON.parse(report) as { testResults: readonly FileReport[] }).testResults;
  });
  afterAll(() => project.remove());

  function reportOf(file: string): FileReport {
    const report = reports.find(({ name }) => name.endsWith(`/${file}.test.ts`));
    if (report === undefined) throw new Error(`no report of ${file}`);
    return report;
  }
  const outcomesOf = (file: string): readonly string[] =>
    reportOf(file).assertionResults.map(({ fullName, status }) => `${status}: ${fullName}`);

  test.each([
    ["forms", 42],
    ["focused", 7],
  ])("has the names and ends of Jest's: %s", (file, count) => {
    expect(outcomesOf(`${file}-theirs`)).toHaveLength(count);
    expect(outcomesOf(`${file}-ours`)).toEqual(outcomesOf(`${file}-theirs`));
  });

  test("takes rows, and nested patterns, beside fixtures", () => {
    expect(outcomesOf("rows")).toEqual(["passed: a and b beside fixtures", "passed: a beside fixtures"]);
  });

  test("start from the checkpoint of the nearest block, with the overrides of all", () => {
    expect(outcomesOf("from")).toEqual([
      "passed: starts from none",
      "passed: from starts there",
      "passed: from undefined starts from none",
    ]);
  });

  test.each(REFUSED)("refuses what cannot be: %s", (file, _text, message) => {
    expect(reportOf(`refused-${file}`).message).toContain(message);
    expect(outcomesOf(`refused-${file}`)).toEqual([]);
  });
});
