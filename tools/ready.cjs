"use strict";
// A checkout is made ready for what is to run from it: npm packages, then dist.
const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const { withCheckoutLock } = require("./checkout-lock.cjs");

const root = path.resolve(__dirname, "..");

async function makeReady() {
  await withCheckoutLock(root, async () => {
    ensureModules();
    await require("./build.cjs").build();
  });
}

/** No package of ours needs an install script, so none is run. npm writes its hidden lock file last, so an installation that was cut short is done again. */
function ensureModules() {
  if (modified(path.join(root, "node_modules/.package-lock.json")) >= modified(path.join(root, "package-lock.json")))
    return;
  process.stderr.write("avf: installing npm packages (npm ci)\n");
  const { status, error } = spawnSync(
    "npm",
    ["ci", "--ignore-scripts", "--no-fund", "--no-audit", "--loglevel=error"],
    // Windows has npm as a batch file, which only a shell starts.
    { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" },
  );
  if (status === 0) return;
  process.stderr.write(`avf: npm ci failed${error ? `: ${error.message}` : ""}. Fix what it says, then try again.\n`);
  process.exit(1);
}

function modified(file) {
  return fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0;
}

module.exports = { makeReady };
