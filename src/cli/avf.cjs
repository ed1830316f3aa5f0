#!/usr/bin/env node
"use strict";
// The `avf` command. Installed from a registry it only starts dist/; in a checkout it first brings node_modules and dist
// up to date, so that `npm start` and `npm test` work in a bare clone.
const fs = require("node:fs");
const path = require("node:path");
require("./node-version.cjs");

const root = path.resolve(__dirname, "../..");

// A reader that went away (`avf help | head -1`) must not end the process with a stack; dist/cli/main.js deals with it.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

async function main() {
  if (fs.existsSync(path.join(root, "tsconfig.json"))) {
    await require("../../tools/ready.cjs").makeReady();
  }
  await require("../../dist/cli/main.js").main(process.argv.slice(2));
}

main().catch((error) => {
  const text = error && error.name === "CheckoutError" ? error.message : ((error && error.stack) ?? error);
  process.stderr.write(`avf: ${text}\n`);
  process.exitCode = 1;
});
