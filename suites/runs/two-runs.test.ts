import { expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { runChildProject } from "./child-project";

const jestPath = createRequire(join(__dirname, "../../package.json")).resolve("jest");

/** As watch mode does in band: one process, one run after the other. */
const TWICE = `
const { runCLI } = require(${JSON.stringify(jestPath)});
(async () => {
  for (const run of [1, 2]) {
    const argv = { $0: "", _: [], runInBand: true, watchman: false };
    const { results } = await runCLI(argv, [process.cwd()]);
    if (!results.success) process.exitCode = run;
  }
})();`;

const SUITE = `
const { test, expect } = require("jest-avf");
for (const name of ["first", "second"]) {
  test(name, async ({ device }) => {
    expect((await device.exec(["id", "-u"])).stdout.trim()).toBe("2000");
  });
}`;

/** The run of this file holds a real device itself. */
const testEmulated = process.env["ANDROID_SERIAL"] === undefined ? test : test.skip;

testEmulated("two runs of one process have a device, a folder and reports of their own", () => {
  const files = { "a.test.js": SUITE, "b.test.js": SUITE, "twice.cjs": TWICE };
  runChildProject(
    files,
    { deviceCpus: 1 },
    ({ status, stderr }, folder) => {
      expect({ status, stderr }).toMatchObject({ status: 0 });
      const out = join(folder, "out");
      const runs = readdirSync(out).filter((name) => name !== "latest");
      expect(runs).toHaveLength(2);
      for (const run of runs) {
        expect(readFileSync(join(out, run, "junit.xml"), "utf8")).toContain(' tests="4" failures="0" errors="0"');
        const events = readdirSync(join(out, run)).filter((name) => name.startsWith("events-"));
        const text = events.map((name) => readFileSync(join(out, run, name), "utf8")).join("");
        // The two files share it.
        expect(text.match(/"kind":"device-leased"/g)).toHaveLength(1);
      }
    },
    ["twice.cjs"],
  );
});
