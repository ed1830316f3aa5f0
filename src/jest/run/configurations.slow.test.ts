import { afterEach, expect, jest, test } from "@jest/globals";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";

// Each is a Jest of its own; on a busy machine that takes its time.
jest.setTimeout(120_000);

const GREETS = suite(`test("greets", async ({ runningVm }) => { await expect(runningVm).toPrint("Hello"); });`);
const FAILS = suite(`test("fails", () => { expect(1).toBe(2); });`);
const PLAIN = `test("adds", () => { expect(1 + 1).toBe(2); });`;
const HOOK = (word: string): string => `module.exports = async () => { process.stderr.write("own ${word}\\n"); };`;
const OURS_ON_STDOUT = /^(Report|Tests): \w/m;

let project: SuiteProject;
afterEach(() => project.remove());

async function run(...args: Parameters<typeof makeProject>): Promise<SuiteOutcome> {
  project = makeProject(...args);
  return runProject(project);
}

function runFolders(out = "out"): readonly string[] {
  const folder = join(project.folder, out);
  return existsSync(folder) ? readdirSync(folder).filter((name) => name !== "latest") : [];
}

test("a project's own setup, teardown and reporters take nothing away: a run in band has its reports, and ends", async () => {
  const hooks = { "up.cjs": HOOK("setup"), "down.cjs": HOOK("teardown") };
  const config = { globalSetup: "<rootDir>/up.cjs", globalTeardown: "<rootDir>/down.cjs", reporters: ["default"] };
  const files = { "a.test.ts": GREETS, "b.test.ts": FAILS, "typo.test.ts": "syntax error" };
  const { exitCode, stdout, output } = await run({ ...files, ...hooks }, { args: ["--runInBand"], config });
  expect(exitCode).toBe(1);
  expect(output).toContain("own setup");
  expect(output).toContain("own teardown");
  expect(stdout).not.toMatch(OURS_ON_STDOUT);
  expect(output).toMatch(/^Report: out\/\S+\/report\.html$/m);
  expect(project.evidence("junit.xml")).toMatch(/<testsuites name="\S+" tests="3" failures="1" errors="1"/);
  expect(project.events().find(({ kind }) => kind === "run-ended")).toMatchObject({ passed: 1, failed: 2, skipped: 0 });
});

test("projects of a root configuration have their reports in one place, whatever else is among them", async () => {
  const vm = (name: string) => ({ displayName: name, preset: "jest-avf", rootDir: `<rootDir>/${name}` }) as const;
  const { exitCode, stdout, output } = await run(
    { "vm1/a.test.ts": GREETS, "vm2/b.test.ts": FAILS, "plain/c.test.js": PLAIN },
    { args: ["--maxWorkers=2"], projects: [vm("vm1"), { rootDir: "<rootDir>/plain" }, vm("vm2")] },
  );
  expect(exitCode).toBe(1);
  expect(output).toMatch(/^Tests: +1 failed, 2 passed, 3 total/m);
  expect(stdout).not.toMatch(OURS_ON_STDOUT);
  expect(runFolders()).toHaveLength(1);
  expect(project.evidence("junit.xml")).toMatch(/<testsuites name="\S+" tests="2" failures="1"/);
  expect(output).toMatch(/^Report: out\/\S+\/report\.html$/m);
});

test("a run without suites leaves nothing, even if suites are a project of the same configuration", async () => {
  const ours = { displayName: "vm", preset: "jest-avf", testMatch: ["<rootDir>/vm/**"] };
  // With the suites' runner, so that all share the workers.
  const plain = { displayName: "plain", testMatch: ["<rootDir>/plain/**"], runner: "jest-avf/runner" };
  const { exitCode, output } = await run(
    { "vm/a.test.ts": GREETS, "plain/c.test.js": PLAIN },
    {
      args: ["--selectProjects", "plain"],
      projects: [ours, plain],
      config: { reporters: ["default", "jest-avf/reporter"] },
    },
  );
  expect({ exitCode, output }).toMatchObject({ exitCode: 0, output: expect.stringMatching(/^Tests: 1 passed, 0 f/m) });
  expect(runFolders()).toEqual([]);
});

const OWN_RUNNER = `module.exports = require(${JSON.stringify(require.resolve("jest-runner"))});`;

test("a runner of the project's own leaves no reports, with a message, unless our reporter is configured", async () => {
  const config = { runner: "<rootDir>/runner.cjs", reporters: ["default"] };
  const files = { "a.test.ts": GREETS, "b.test.ts": GREETS, "runner.cjs": OWN_RUNNER };
  const { exitCode, output } = await run(files, { args: ["--runInBand"], config });
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
  expect(output.match(/no reports will be made of this run.*take `runner` out/g)).toHaveLength(1);
  expect(runFolders()).toHaveLength(1);
  project.remove();
  const reported = await run(files, { args: ["-w", "2"], config: { ...config, reporters: undefined } });
  expect(reported.output).not.toContain("no reports");
  expect(runFolders()).toHaveLength(1);
  expect(project.evidence("junit.xml")).toContain(' tests="2" failures="0"');
});

test("workers are processes, whatever the configuration has; one that Jest replaces between two files is not reported", async () => {
  const files = ["a", "b", "c", "d", "e"].map((name): readonly [string, string] => [
    `${name}.test.ts`,
    suite(`
      import { isMainThread } from "node:worker_threads";
      test("${name} greets", async ({ runningVm }) => {
        await expect(runningVm).toPrint("Hello");
        expect(isMainThread).toBe(true);
      });`),
  ]);
  const config = { workerThreads: true, workerIdleMemoryLimit: 2 };
  const { exitCode, output } = await run(Object.fromEntries(files), { args: ["-w", "2"], config });
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
  expect(output).not.toMatch(/SIGTERM|died|MaxListeners/);
  const events = project.events();
  expect(events.filter(({ kind }) => kind === "interrupted" || kind === "worker-died")).toEqual([]);
  expect(events.filter(({ kind }) => kind === "test-start")).toHaveLength(5);
  // A process each: over the limit of two bytes is every one.
  expect(new Set(events.filter(({ kind }) => kind === "test-end").map(({ pid }) => pid)).size).toBe(5);
});

test("--bail in band ends the process with its reports written", async () => {
  const files = { "a.test.ts": FAILS, "b.test.ts": GREETS };
  const config = { reporters: ["default"] };
  const { exitCode, output } = await run(files, { args: ["--runInBand", "--bail", "a.test", "b.test"], config });
  expect({ exitCode, output }).toMatchObject({ exitCode: 1, output: expect.stringMatching(/^Report: out\/\S+$/m) });
  expect(project.evidence("junit.xml")).toContain(' failures="1"');
});

test.each([["with our reporter"], ["without it", ["default"]]])(
  "a test that ends Jest's own process makes no run a success, %s",
  async (_which, reporters: readonly string[] = ["default", "jest-avf/reporter"]) => {
    const files = { "a.test.ts": suite(`test("leaves", ({ readyVm }) => { readyVm; process.exit(0); });`) };
    const { exitCode, output } = await run(files, { args: ["--runInBand"], config: { reporters } });
    expect({ exitCode, output }).toMatchObject({ exitCode: 1 });
    expect(project.evidence("junit.xml")).toContain(' errors="1"');
  },
);

test("with automock this library stays as it is", async () => {
  const greets = suite(`test("greets", async ({ runningVm }) => { await expect(runningVm).toPrint("Hello"); });`);
  const { exitCode, output } = await run({ "a.test.ts": greets }, { config: { automock: true } });
  expect({ exitCode, output }).toMatchObject({ exitCode: 0 });
});

test("two runs in one process have a folder each, and --shard and --onlyChanged may leave none to run", async () => {
  const script = `
    const { runCLI } = require(${JSON.stringify(require.resolve("jest"))});
    (async () => {
      const argv = { $0: "", _: [], runInBand: true, watchman: false };
      for (const pattern of ["a.test", "b.test"]) await runCLI({ ...argv, testPathPatterns: [pattern] }, [process.cwd()]);
    })();`;
  project = makeProject({ "a.test.ts": GREETS, "b.test.ts": GREETS, "twice.cjs": script });
  const twice = await runProject({ ...project, argv: [process.execPath, "twice.cjs"] });
  expect(twice.output).not.toContain("avf: no reports");
  expect(runFolders()).toHaveLength(2);
  for (const [index, name] of ["a", "b"].entries()) {
    const xml = readFileSync(join(project.folder, "out", runFolders()[index] ?? "", "junit.xml"), "utf8");
    expect(xml).toMatch(new RegExp(`tests="1"[^]*classname="${name}\\.test`));
  }
  const none = await runProject({ ...project, argv: [...project.argv, "--shard=3/3", "--passWithNoTests"] });
  expect({ exitCode: none.exitCode, output: none.output }).toMatchObject({ exitCode: 0 });
  const changed = await runProject({ ...project, argv: [...project.argv, "--onlyChanged"] });
  expect({ exitCode: changed.exitCode, output: changed.output }).toMatchObject({ exitCode: 0 });
  expect(runFolders()).toHaveLength(2);
});

const HELPER = `exports.used = () => 1;\nexports.unused = () => { if (Math.random() > 2) return 2; return 3; };\n`;
const COVERED = suite(`import { used } from "./helper.js"; test("uses it", () => { expect(used()).toBe(1); });`);

test.each([
  [
    "coverage below its threshold",
    { collectCoverage: true, coverageReporters: ["text"], coverageThreshold: { global: { functions: 100 } } },
    /Coverage for functions \(50%\) does not meet/,
  ],
  ["a teardown of the project's own that fails", { globalTeardown: "<rootDir>/down.cjs" }, /the teardown is broken/],
  ["a reporter that reports an error", { reporters: ["default", "jest-avf/reporter", "<rootDir>/reporter.cjs"] }, /^/],
])("a run that fails behind its tests does not look as if all was well: %s", async (_why, config, reason) => {
  const files = {
    ...{ "a.test.ts": COVERED, "helper.js": HELPER },
    "down.cjs": `module.exports = () => { throw new Error("the teardown is broken"); };`,
    "reporter.cjs": `module.exports = class { getLastError() { return new Error("no"); } };`,
  };
  const { exitCode, output, stdout } = await run(files, { args: ["--runInBand"], config });
  expect({ exitCode, output }).toMatchObject({ exitCode: 1, output: expect.stringMatching(reason) });
  expect(stdout).toMatch(/\nTests: 1 passed, 1 failed, 0 skipped\n$/);
});

test("the last line of a run comes behind a teardown that takes its time", async () => {
  // Longer than our reporter waits for a run that something open keeps from ending.
  const down = `module.exports = async () => {
    await new Promise((resolve) => setTimeout(resolve, 3_500));
    process.stdout.write("torn down\\n");
  };`;
  const config = { globalTeardown: "<rootDir>/down.cjs" };
  const { exitCode, stdout } = await run({ "a.test.ts": GREETS, "down.cjs": down }, { args: ["--runInBand"], config });
  expect({ exitCode, stdout }).toMatchObject({
    exitCode: 0,
    stdout: expect.stringMatching(/^torn down\nReport: \S+\nTests: 1 passed, 0 failed, 0 skipped\n$/m),
  });
});

test("two projects of one name that run the same file are told of, because reports mix them up", async () => {
  const vm = { preset: "jest-avf", testMatch: ["<rootDir>/vm/**"] };
  const both = [vm, { ...vm, testTimeout: 20_000 }];
  const files = { "vm/a.test.ts": GREETS };
  const unnamed = await run(files, { args: ["--runInBand"], projects: both });
  expect(unnamed).toMatchObject({
    exitCode: 0,
    stderr: expect.stringMatching(/several projects without a `displayName` run \S+a\.test\.ts/),
  });
  project.remove();
  const named = await run(files, { projects: both.map((each, at) => ({ ...each, displayName: `vm${at}` })) });
  expect(named).toMatchObject({ exitCode: 0, stderr: expect.not.stringContaining("several projects") });
});
