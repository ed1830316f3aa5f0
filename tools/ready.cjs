"use strict";
// Prepares a checkout for running from it: npm packages, then dist.
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { spawn, spawnSync } = require("node:child_process");
const { withCheckoutLock } = require("./checkout-lock.cjs");

const root = path.resolve(__dirname, "..");
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"];

async function makeReady() {
  await withCheckoutLock(root, async () => {
    await ensureModules();
    await require("./build.cjs").build();
  });
}

/** No package of ours needs an install script, so none is run. npm writes its hidden lock file last, so an installation that was cut short is done again. */
async function ensureModules() {
  if (modified(path.join(root, "node_modules/.package-lock.json")) >= modified(path.join(root, "package-lock.json")))
    return;
  process.stderr.write("avf: installing npm packages (npm ci)\n");
  const failure = await npm("ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error");
  if (failure === undefined) return;
  process.stderr.write(`avf: npm ci failed${failure}. Fix what it says, then try again.\n`);
  process.exit(1);
}

/** Resolves to undefined, or to what went wrong. npm ends with this process: at once by a signal, by the kernel where it can. */
async function npm(...args) {
  const dies = spawnSync("setpriv", ["--version"]).status === 0 ? ["setpriv", "--pdeathsig", "KILL", "--"] : [];
  const [program, ...rest] = [...dies, "npm", ...args];
  let child;
  const end = (signal) => {
    child.kill(signal);
    process.exit(128 + os.constants.signals[signal]);
  };
  // Before npm starts: a signal between the two would find no listener.
  for (const signal of SIGNALS) process.on(signal, end);
  // Windows has npm as a batch file, which only a shell starts.
  child = spawn(program, rest, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  try {
    return await new Promise((resolve) => {
      child.on("error", ({ message }) => resolve(`: ${message}`));
      child.on("exit", (code) => resolve(code === 0 ? undefined : ""));
    });
  } finally {
    for (const signal of SIGNALS) process.off(signal, end);
  }
}

function modified(file) {
  return fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0;
}

module.exports = { makeReady };
