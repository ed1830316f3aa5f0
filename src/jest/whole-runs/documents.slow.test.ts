import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { KNOWN } from "../../lab/requirements/index.js";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../../session/testing/run-suite.js";

jest.setTimeout(120_000);

const page = (name: string): string => readFileSync(join(packageRoot, name), "utf8");

/** Examples that are suites: TypeScript that imports from "jest-avf". */
function examplesOf(name: string): Readonly<Record<string, string>> {
  const blocks = [...page(name).matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code = ""]) => code);
  const suites = blocks.filter((code) => code.includes('from "jest-avf";'));
  const stem = name.replaceAll("/", "-").replace(/\.md$/, "").toLowerCase();
  return Object.fromEntries(suites.map((code, index) => [`${stem}-${index + 1}.test.ts`, code]));
}

describe("examples of the documents", () => {
  const suites = { ...examplesOf("README.md"), ...examplesOf("docs/suites.md") };
  let project: SuiteProject;
  let outcome: SuiteOutcome;
  beforeAll(async () => {
    project = makeProject(suites, { args: ["--runInBand", "--verbose"] });
    outcome = await runProject(project);
  });
  afterAll(() => project.remove());

  test("are found", () => {
    expect(Object.keys(suites)).toEqual(
      expect.arrayContaining(["readme-1.test.ts", "docs-suites-1.test.ts", "docs-suites-4.test.ts"]),
    );
  });

  test("pass, or are skipped for the reason that is shown", () => {
    if (outcome.exitCode !== 0) throw new Error(outcome.output);
    expect(outcome.output).toMatch(/^Tests: \d+ passed, 0 failed, 2 skipped$/m);
    const reason = "requires protected (only non-protected VMs are supported) on device memory";
    expect(outcome.output).toContain(`avf: skipped "seals its secret" in docs-suites-3.test.ts: ${reason}`);
  });
});

test("the page on suites lists each requirement with its meaning", () => {
  const rows = page("docs/suites.md").matchAll(/^\| `([^`]+)` +\| (.*?) +\|$/gm);
  const listed = new Map([...rows].map(([, name = "", meaning = ""]) => [name.replace(/[<>=!].*/, ""), meaning]));
  for (const { name, meaning } of KNOWN) expect([name, listed.get(name)]).toEqual([name, meaning]);
});
