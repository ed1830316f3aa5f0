"use strict";
// Unit tests of all that a host with a phone needs, on a Linux that looks like macOS: `npm run test:macos [-- PATHS]`.
const { spawnSync } = require("node:child_process");
const path = require("node:path");

const root = path.resolve(__dirname, "../../..");
/** Behind the emulated device's door, which only Linux has, and what is about Linux's own programs. */
const LEFT_OUT = [
  ...["src/emulator/", "src/avfd/", "src/guest/", "src/cli/doctor/"],
  ...["adb-program", "die-with-us", "kernel-lock", "lock-reach"].map((name) => `src/process/${name}`),
];

function main(args) {
  if (process.platform !== "linux" || spawnSync("flock", ["--version"]).error !== undefined) {
    process.stderr.write("skipped: this needs Linux, whose flock stands in for macOS's way to lock a file\n");
    return 0;
  }
  const jest = path.join(root, "node_modules/jest/bin/jest.js");
  const chosen = args.length > 0 ? args : ["src"];
  const left = LEFT_OUT.flatMap((folder) => ["--testPathIgnorePatterns", `/${folder}`]);
  const env = {
    ...process.env,
    // Packages with a part for each system are given that of this one.
    ESBUILD_BINARY_PATH: require.resolve(`@esbuild/linux-${process.arch}/bin/esbuild`),
    NAPI_RS_NATIVE_LIBRARY_PATH: require.resolve(`@unrs/resolver-binding-linux-${process.arch}-gnu`),
    NODE_OPTIONS: `--require ${path.join(root, "src/process/testing/other-host.cjs")}`,
  };
  const options = [jest, ...chosen, ...left, "--selectProjects", "unit", "unit-slow"];
  return spawnSync(process.execPath, options, { cwd: root, env, stdio: "inherit" }).status ?? 1;
}

process.exitCode = main(process.argv.slice(2));
