import { afterEach, expect, jest, test } from "@jest/globals";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeProject, runProject, type SuiteProject } from "./testing/run-suite.js";
import { suite } from "./testing/sample-suites.js";

jest.setTimeout(120_000);

const FILES = {
  "wait.test.ts": suite(`
    test("is watched", async ({ runningVm }) => {
      await expect(runningVm).toPrint("Hello");
      await test.step("take some time", () => new Promise((resolve) => setTimeout(resolve, 1500)));
    });`),
};

let project: SuiteProject | undefined;
afterEach(() => project?.remove());

test("on a terminal shows what a test does below Jest's status, and leaves nothing of it behind", async () => {
  project = makeProject(FILES, { args: ["--runInBand"] });
  const command = project.argv.map((part) => `'${part}'`).join(" ");
  // Gives Jest a terminal. Part of util-linux, which every Debian has.
  const argv = ["script", "-qefc", `stty cols 100 rows 40; ${command}`, "/dev/null"];
  const environment = { ...project.environment, TERM: "xterm", AVF_LIVE: undefined };
  const { output, exitCode } = await runProject({ ...project, argv, environment });
  expect(exitCode).toBe(0);
  expect(output).toContain("wait.test.ts › is watched");
  expect(output).toContain("take some time");
  expect(output).toMatch(/vm1 RUNNING [\d.]+ m?s\s+Hello Microdroid vm1/);
  // What was drawn last is cleared before the results stand there for good.
  const results = output.slice(output.lastIndexOf("Test Suites:"));
  expect(results).not.toContain("vm1 RUNNING");
  expect(results).toMatch(/Tests: 1 passed, 0 failed, 0 skipped\s*$/);
});

test("in a pipe is plain lines, or nothing", async () => {
  project = makeProject(FILES, { args: ["--runInBand"] });
  const piped = await runProject({ ...project, environment: { ...project.environment, AVF_LIVE: undefined } });
  expect(piped.output).toMatch(/^avf: \[1\] ✓ wait\.test\.ts › is watched \(/m);
  expect(piped.output).not.toContain("\u001b[1A");
  const silent = await runProject({ ...project, environment: { ...project.environment, AVF_LIVE: "off" } });
  expect(silent.output).not.toContain("avf: [1]");
  expect(existsSync(join(project.folder, "out/latest/report.html"))).toBe(true);
});
