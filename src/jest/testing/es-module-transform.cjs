"use strict";
// Turns the few packages that exist only as ES modules into CommonJS, so that unit tests can load them in the sandbox.
const { createHash } = require("node:crypto");
const esbuild = require("esbuild");

module.exports = {
  getCacheKey: (source, file) => createHash("sha256").update(`${esbuild.version}\0${file}\0${source}`).digest("hex"),
  process: (source, file) => ({
    code: esbuild.transformSync(source, { format: "cjs", sourcefile: file, sourcemap: "inline", target: "node20" })
      .code,
  }),
};
