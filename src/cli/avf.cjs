#!/usr/bin/env node
"use strict";
// The `avf` command. Installed from a registry it only starts dist/; in a checkout it first brings node_modules and dist
// up to date, so that `npm start` and `npm test` work in a bare clone.
const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");
const { withCheckoutLock } = require("./checkout-lock.cjs");

const root = path.resolve(__dirname, "../..");

// A reader that went away (`avf help | head -1`) must not end the process with a stack; dist/cli/main.js deals with it.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(`avf: Node ${process.versions.node} is too old; Node 20.19 or later is needed.\n`);
  process.exit(1);
}

function modified(file) {
  return fs.existsSync(file) ? fs.statSync(file).mtimeMs : 0;
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

async function main() {
  if (fs.existsSync(path.join(root, "tsconfig.json"))) {
    await withCheckoutLock(root, async () => {
      ensureModules();
      await require("./build.cjs").build();
    });
  }
  await require("../../dist/cli/main.js").main(process.argv.slice(2));
}

main().catch((error) => {
  const text = error && error.name === "CheckoutError" ? error.message : ((error && error.stack) ?? error);
  process.stderr.write(`avf: ${text}\n`);
  process.exitCode = 1;
});
