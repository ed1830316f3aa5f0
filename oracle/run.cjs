/** `npm run oracle`: bundles the TypeScript beside it, which imports the sources, and starts it in the checkout's root. */
const { join } = require("node:path");
const { buildSync } = require("esbuild");

const root = join(__dirname, "..");
const outdir = join(root, "node_modules/.cache/jest-avf-oracle");
process.chdir(root);
buildSync({
  entryPoints: [join(__dirname, "run.ts")],
  ...{ outdir, bundle: true, platform: "node", packages: "external", logLevel: "warning" },
});
require(join(outdir, "run.js"));
