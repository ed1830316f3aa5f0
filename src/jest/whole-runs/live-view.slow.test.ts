import { afterEach, expect, jest, test } from "@jest/globals";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeProject, runProject, startProject, type SuiteProject } from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";

jest.setTimeout(120_000);

const FILES = {
  "wait.test.ts": suite(`
    import { existsSync } from "node:fs";
    test("is watched", async ({ runningVm }) => {
      await expect(runningVm).toPrint("Hello");
      await test.step("wait until it was seen", async () => {
        while (!existsSync("seen")) await new Promise((resolve) => setTimeout(resolve, 20));
      });
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
  const child = startProject({ ...project, argv, environment });
  for (const shown of [
    /wait\.test\.ts › is watched/,
    /wait until it was seen/,
    /vm1 RUNNING [\d.]+ m?s\s+Hello Microdroid vm1/,
  ]) {
    await child.until(`${shown.source} to be shown`, () => shown.test(child.output()));
  }
  writeFileSync(join(project.folder, "seen"), "");
  expect((await child.ended).exitCode).toBe(0);
  const output = child.output();
  // What was drawn last is cleared before the results stand there for good.
  const results = output.slice(output.lastIndexOf("Test Suites:"));
  expect(results).not.toContain("vm1 RUNNING");
  expect(results).toMatch(/Tests: 1 passed, 0 failed, 0 skipped\s*$/);
});

test("in a pipe is plain lines, or nothing", async () => {
  project = makeProject({ ...FILES, seen: "" }, { args: ["--runInBand"] });
  const piped = await runProject({ ...project, environment: { ...project.environment, AVF_LIVE: undefined } });
  expect(piped.output).toMatch(/^avf: \[1\] ✓ wait\.test\.ts › is watched \(/m);
  expect(piped.output).not.toContain("\u001b[1A");
  const silent = await runProject({ ...project, environment: { ...project.environment, AVF_LIVE: "off" } });
  expect(silent.output).not.toContain("avf: [1]");
  expect(existsSync(join(project.folder, "out/latest/report.html"))).toBe(true);
});
