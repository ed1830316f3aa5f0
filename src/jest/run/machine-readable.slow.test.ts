import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";

// Each is a Jest of its own; on a busy machine that takes its time.
jest.setTimeout(120_000);

const SUITES = {
  "greets.test.ts": suite(`
    test("greets", async ({ runningVm }) => { await expect(runningVm).toPrint("Hello"); });
    test.requires("cpus>=9999")("is skipped", async ({ vm }) => { await vm.run(); });`),
  "plain.test.ts": suite(`
    let vmm;
    beforeAll(() => { ({ vmm } = useAvf()); });
    test("lists", async () => { expect(await vmm.list()).toEqual([]); });`),
};

/** A reporter that talks to programs. */
const TAP = `
module.exports = class {
  onTestFileResult(_test, { testResults }) {
    for (const { title, status } of testResults) process.stdout.write((status === "failed" ? "not ok " : "ok ") + title + "\\n");
  }
};`;

let project: SuiteProject;
beforeAll(() => {
  project = makeProject({ ...SUITES, "tap.cjs": TAP });
});
afterAll(() => project.remove());

async function run(...args: readonly string[]): Promise<SuiteOutcome> {
  const outcome = await runProject({ ...project, argv: [...project.argv, "--runInBand", ...args] });
  if (outcome.exitCode !== 0) throw new Error(outcome.output);
  return outcome;
}

interface JestJson {
  readonly numPassedTests: number;
  readonly testResults: readonly unknown[];
}

describe("nothing of ours is in stdout that programs read", () => {
  test("--listTests, --showConfig and --collectTests, which leave no records either", async () => {
    const listed = (await run("--listTests")).stdout.trim().split("\n");
    expect(listed.sort()).toEqual(Object.keys(SUITES).map((name) => join(project.folder, name)));
    expect(JSON.parse((await run("--listTests", "--json")).stdout)).toHaveLength(2);
    expect(JSON.parse((await run("--showConfig")).stdout)).toHaveProperty("configs");
    const collected = JSON.parse((await run("--collectTests", "--json")).stdout) as JestJson;
    expect(collected.testResults).toHaveLength(2);
    expect(project.closings()).toEqual([]);
    expect(existsSync(join(project.folder, "out"))).toBe(false);
  });

  test("--json", async () => {
    const { stdout, stderr } = await run("--json");
    expect(JSON.parse(stdout)).toMatchObject({ numPassedTests: 2 });
    expect(stderr).toMatch(/^Tests: 2 passed, 0 failed, 1 skipped\n$/m);
  });

  test("a reporter of the project's own, beside ours and alone", async () => {
    const expected = ["ok greets", "ok is skipped", "ok lists"];
    const tap = join(project.folder, "tap.cjs");
    const both = await run("--reporters", tap, "--reporters", "jest-avf/reporter");
    expect(both.stdout.trim().split("\n").sort()).toEqual(expected);
    expect(both.stderr).toMatch(/^Report: out\/\S+\nTests: 2 passed/m);
    const alone = await run("--reporters", tap);
    expect(alone.stdout.trim().split("\n").sort()).toEqual(expected);
    expect(alone.stderr).toMatch(/^Report: out\/\S+$/m);
  });

  test("--json with --outputFile, --silent and --useStderr", async () => {
    const { stdout } = await run("--json", "--outputFile=jest.json", "--silent", "--useStderr");
    expect(stdout).toBe("");
    expect(JSON.parse(readFileSync(join(project.folder, "jest.json"), "utf8"))).toMatchObject({ numPassedTests: 2 });
    expect((await run("--silent")).stdout).toBe("");
  });
});
