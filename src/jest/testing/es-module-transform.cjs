"use strict";
// Turns the few packages that exist only as ES modules into CommonJS, so that unit tests can load them in the sandbox;
// and, faster than a compiler is loaded, suites that tests run as children.
const { createHash } = require("node:crypto");
const esbuild = require("esbuild");

module.exports = {
  getCacheKey: (source, file) => createHash("sha256").update(`${esbuild.version}\0${file}\0${source}`).digest("hex"),
  process: (source, file) => ({
    code: esbuild.transformSync(source, {
      loader: file.endsWith(".ts") ? "ts" : "js",
      format: "cjs",
      sourcefile: file,
      sourcemap: "inline",
      target: "node20",
    }).code,
  }),
};
