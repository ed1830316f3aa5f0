"use strict";
// A test's first assertion on two VMs that run: restored with the device, compared with booted.
const { spawnSync } = require("node:child_process");
const { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { APK, root } = require("../bench-device.cjs");
const { ratio, row } = require("../statistics.cjs");

const RUN_TIMEOUT_MS = 600_000;

async function measure({ progress }) {
  const folder = mkdtempSync(path.join(os.tmpdir(), "avf-bench-"));
  try {
    const jest = { preset: "jest-avf", testEnvironmentOptions: { apks: [APK], monitor: "qemu" } };
    mkdirSync(path.join(folder, "node_modules"));
    symlinkSync(root, path.join(folder, "node_modules/jest-avf"));
    writeFileSync(path.join(folder, "package.json"), JSON.stringify({ jest }));
    copyFileSync(path.join(__dirname, "../tools/checkpoint.test.js"), path.join(folder, "checkpoint.test.js"));
    progress("a run of Jest with a checkpoint of two VMs");
    const out = path.join(folder, "figures.json");
    runJest(folder, out);
    const { restored, booted } = JSON.parse(readFileSync(out, "utf8"));
    return [
      { ...row("from the end of a test to the next one's first assertion, restored", "ms", restored), atMost: 1000 },
      row("the same, both VMs booted", "ms", booted),
      ratio("booted / restored", booted, restored, { atLeast: 10 }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runJest(cwd, out) {
  const jest = path.join(root, "node_modules/jest/bin/jest.js");
  const env = { ...process.env, AVF_BENCH_OUT: out, AVF_OUT: path.join(cwd, "out"), NO_COLOR: "1" };
  const options = { cwd, env, encoding: "utf8", timeout: RUN_TIMEOUT_MS };
  const { status, stderr } = spawnSync(process.execPath, [jest, "--no-watchman", "--runInBand"], options);
  if (status !== 0) throw new Error(`Jest ended with ${status}:\n${stderr.slice(-4000)}`);
}

module.exports = { measure };
