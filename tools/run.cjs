"use strict";
// `node tools/run.cjs NAME [ARGUMENTS]`: runs the tool of that name beside this file, in a prepared checkout.
// A tool is bundled; what it imports from src/ it gets from dist/, which is built by then.
const fs = require("node:fs");
const path = require("node:path");
require("../src/cli/node-version.cjs");
const { makeReady } = require("./ready.cjs");

const root = path.resolve(__dirname, "..");
const TOOLS = ["pack-device", "self-check", "self-test", "test-lab"];

const fromDist = {
  name: "src/ from dist/",
  setup({ onResolve }) {
    onResolve({ filter: /^\.\.\/src\/.*\.js$/ }, (args) => ({
      path: path.join(root, "dist", path.relative(path.join(root, "src"), path.resolve(__dirname, args.path))),
      external: true,
    }));
  },
};

async function main([name, ...args]) {
  if (!TOOLS.includes(name)) throw new Error(`no tool "${name}"; there are ${TOOLS.join(", ")}`);
  await makeReady();
  const folder = path.join(root, "node_modules/.cache");
  fs.mkdirSync(folder, { recursive: true });
  // Of its own process: two may run at once.
  const outfile = path.join(folder, `tool-${name}-${process.pid}.cjs`);
  try {
    await require("esbuild").build({
      ...{ entryPoints: [path.join(__dirname, `${name}.ts`)], outfile, bundle: true, platform: "node", format: "cjs" },
      ...{ packages: "external", plugins: [fromDist], logLevel: "error" },
    });
    const tool = require(outfile);
    fs.rmSync(outfile, { force: true });
    await require("../dist/cli/main.js").runCommand(() => tool.run(args));
  } finally {
    fs.rmSync(outfile, { force: true });
  }
}

main(process.argv.slice(2)).catch((error) => {
  const text = error && error.name === "CheckoutError" ? error.message : ((error && error.stack) ?? error);
  process.stderr.write(`avf: ${text}\n`);
  process.exitCode = 1;
});
