"use strict";
// What the harness costs a test that boots no VM: whole runs of Jest on files of 10, 100 and 1,000 tests, with our preset
// and with Jest's own environment. The difference of two sizes leaves the start of Jest and of the device out.
const { spawnSync } = require("node:child_process");
const { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { APK, root } = require("../bench-device.cjs");
const { interleave, median, row, timed } = require("../statistics.cjs");

const ROUNDS = 3;
const SIZES = [10, 100, 1000];
const RUN_TIMEOUT_MS = 600_000;

const PLAIN = { testEnvironment: "node" };
const OURS = {
  preset: "jest-avf",
  testEnvironmentOptions: { apks: [APK] },
  reporters: ["default", "jest-avf/reporter"],
};
/** Each asks for the app, so that ours does what it does for tests on a device. */
const SUITES = {
  plain: (count) => `for (let i = 0; i < ${count}; i++) test("test " + i, async () => { expect(i).toBe(i); });`,
  ours: (count) => `const { test, expect } = require("jest-avf");
for (let i = 0; i < ${count}; i++) test("test " + i, async ({ app }) => { expect(app.packageName).toBeTruthy(); });`,
};

async function measure({ progress }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  try {
    const contenders = Object.fromEntries(
      SIZES.flatMap((size) => [
        [`plain ${size}`, () => timed(() => runJest(project(folder, "plain", PLAIN, size)))],
        [`ours ${size}`, () => timed(() => runJest(project(folder, "ours", OURS, size)))],
      ]),
    );
    const figures = await interleave(contenders, { rounds: ROUNDS, warmUps: 1, progress });
    const [, middle, most] = SIZES;
    const perTest = (name) =>
      (median(figures[`${name} ${most}`]) - median(figures[`${name} ${middle}`])) / (most - middle);
    return [
      ...SIZES.flatMap((size) => [
        row(`${size} tests, jest-environment-node`, "ms", figures[`plain ${size}`]),
        row(`${size} tests, ours`, "ms", figures[`ours ${size}`]),
      ]),
      { ...row("ours, more than Jest's, a test", "ms", [perTest("ours") - perTest("plain")]), atMost: 30 },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function project(folder, name, config, size) {
  const cwd = path.join(folder, `${name}-${size}`);
  mkdirSync(path.join(cwd, "node_modules"), { recursive: true });
  rmSync(path.join(cwd, "node_modules/jest-avf"), { force: true });
  symlinkSync(root, path.join(cwd, "node_modules/jest-avf"));
  writeFileSync(path.join(cwd, "package.json"), JSON.stringify({ jest: config }));
  writeFileSync(path.join(cwd, "many.test.js"), SUITES[name](size));
  return cwd;
}

function runJest(cwd) {
  const jest = path.join(root, "node_modules/jest/bin/jest.js");
  const env = { ...process.env, AVF_OUT: path.join(cwd, "out"), NO_COLOR: "1" };
  const options = { cwd, env, encoding: "utf8", timeout: RUN_TIMEOUT_MS };
  const { status, stderr } = spawnSync(process.execPath, [jest, "--no-watchman", "--runInBand"], options);
  if (status !== 0) throw new Error(`Jest ended with ${status}:\n${stderr.slice(-2000)}`);
}

module.exports = { measure };
