import { afterEach, expect, jest, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeProject, startProject, type SuiteProject } from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";

// Each is a Jest of its own, with three runs; on a busy machine that takes its time.
jest.setTimeout(180_000);

const FAILS = suite(
  `test("fails", async ({ runningVm }) => { await expect(runningVm).toPrint("Hello"); expect(1).toBe(2); });`,
);

/** Notes whenever Jest sees a file change. */
const CHANGES = `
const { appendFileSync } = require("node:fs");
module.exports = class {
  apply(hooks) { hooks.onFileChange(() => appendFileSync(__dirname + "/changes.log", "x")); }
};`;

let project: SuiteProject;
let child: ReturnType<typeof startProject> | undefined;
afterEach(async () => {
  await child?.stop();
  project.remove();
});

const vm = { displayName: "vm", preset: "jest-avf", testMatch: ["<rootDir>/*.test.ts"] };
const plain = { displayName: "plain", testMatch: ["<rootDir>/*.plain.js"] };
const PLAIN = { "adds.plain.js": `test("adds", () => { expect(1 + 1).toBe(2); });` };

test.each([
  ["one project, in band, in its default folder", ["--watchAll", "--runInBand"], {}, {}, "", "avf-results"],
  ["what git calls changed, in its default folder", ["--watch", "--runInBand"], {}, {}, "", "avf-results"],
  [
    "two projects that watch one folder, in a folder of it",
    ["--watchAll"],
    { projects: [plain, vm] },
    PLAIN,
    "kept/r+s",
    "kept/r+s",
  ],
] as const)(
  "watch mode runs when it is told to, each run in a folder of its own, and ends with q: %s",
  async (_name, args, projects, files, out, outFolder) => {
    const config = { watchPlugins: ["<rootDir>/changes.cjs"], reporters: ["default", "jest-avf/reporter"] };
    project = makeProject(
      // With evidence, which has JSON files, as late as can be.
      { "z.test.ts": FAILS, "changes.cjs": CHANGES, ...files },
      { args, config, env: { AVF_OUT: out, AVF_LIVE: "off" }, ...projects },
    );
    if (spawnSync("git", ["init", "-q"], { cwd: project.folder }).status !== 0) throw new Error("git init failed");
    const command = project.argv.map((part) => `'${part}'`).join(" ");
    // Gives Jest a terminal. Part of util-linux, which every Debian has.
    const started = (child = startProject(project, ["script", "-qefc", command, "/dev/null"]));
    const output = (): string => started.output().replace(/\u001b\[[\d;?]*\w/g, "");
    const runs = (): readonly string[] => {
      const folder = join(project.folder, outFolder);
      return existsSync(folder) ? readdirSync(folder).filter((name) => name !== "latest") : [];
    };
    const usageAfter = async (count: number): Promise<void> => {
      const usages = (): number => (output().match(/to quit watch mode|Watch Usage: Press w/g) ?? []).length;
      await started.until(`usage number ${count}`, () => usages() >= count);
    };
    await usageAfter(1);
    writeFileSync(join(project.folder, "probe.json"), "{}");
    await usageAfter(2);
    started.type("\r");
    await usageAfter(3);
    started.type("q");
    expect((await started.ended).exitCode).toBe(0);
    // At the start, and for the probe in each project: changes are told in their order, so those of our own would be here.
    expect(readFileSync(join(project.folder, "changes.log"), "utf8")).toBe("projects" in projects ? "xxx" : "xx");
    expect(runs()).toHaveLength(3);
    for (const run of runs()) {
      const folder = join(project.folder, outFolder, run);
      expect(readFileSync(join(folder, "junit.xml"), "utf8")).toMatch(/ failures="1"/);
      expect(existsSync(join(folder, "trace.json"))).toBe(true);
    }
    expect(output().match(/^Report: /gm)).toHaveLength(3);
    expect(output()).not.toContain("MaxListeners");
  },
);
