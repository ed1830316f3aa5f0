"use strict";
// Turns src/**/*.ts into dist/**/*.js, file by file, and makes one bundle each of avfd, for the emulated device, and of
// the script of the HTML report.
// Types are checked by `npm run check`; here only speed counts, because this runs before every command in a checkout.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");

const root = path.resolve(__dirname, "..");
const dist = path.join(root, "dist");
const stamp = path.join(dist, ".built-from");

/** Source files in a stable order, without tests. */
function sources(folder) {
  return fs
    .readdirSync(folder, { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) return sources(file);
      return /\.(ts|css)$/.test(entry.name) && !/\.test\.ts$|\.d\.ts$/.test(entry.name) ? [file] : [];
    });
}

function fingerprint(files) {
  const hash = createHash("sha256");
  for (const file of [...files, __filename, path.join(root, "package-lock.json")]) {
    const stat = fs.statSync(file);
    hash.update(`${path.relative(root, file)}\0${stat.size}\0${stat.mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/** Whether it is in a folder of that name within the checkout, wherever the checkout is. */
function isOf(folder, file) {
  return path.relative(root, file).split(path.sep).includes(folder);
}

/** Builds when a source changed since the last build. Returns whether it did. */
async function build() {
  const files = sources(path.join(root, "src"));
  const wanted = fingerprint(files);
  if (fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === wanted) return false;
  const esbuild = require("esbuild");
  // A folder of its own, then a rename: two builds at once, or a build cut short, leave a whole dist behind.
  sweep();
  const fresh = `${dist}.${process.pid}.tmp`;
  fs.rmSync(fresh, { recursive: true, force: true });
  // Comments of a bundle name its parts as they are seen from here, wherever the build was started.
  const common = { absWorkingDir: root, platform: "node", target: "node20", sourcemap: "linked", logLevel: "error" };
  await esbuild.build({
    ...common,
    // The report's script comes as one bundle below.
    entryPoints: files.filter((file) => !(isOf("client", file) && file.endsWith(".ts"))),
    outbase: path.join(root, "src"),
    outdir: fresh,
    format: "cjs",
    bundle: false,
  });
  const avfd = path.join(root, "src/avfd/main.ts");
  if (fs.existsSync(avfd)) {
    await esbuild.build({
      ...common,
      entryPoints: [avfd],
      outfile: path.join(fresh, "avfd.bundle.cjs"),
      format: "cjs",
      bundle: true,
      // Nobody reads it on the device, where it was three quarters of what had to be loaded.
      sourcemap: false,
    });
  }
  const report = "reporter/html/client";
  await esbuild.build({
    ...common,
    platform: "browser",
    target: "es2022",
    entryPoints: [path.join(root, "src", report, "main.ts")],
    outfile: path.join(fresh, report, "client.bundle.js"),
    format: "iife",
    bundle: true,
    minify: true,
    sourcemap: false,
    // It is within a script element, and in a file that may be parsed in any encoding.
    charset: "ascii",
  });
  fs.writeFileSync(path.join(fresh, ".built-from"), wanted);
  const old = `${dist}.${process.pid}.old`;
  if (fs.existsSync(dist)) fs.renameSync(dist, old);
  try {
    fs.renameSync(fresh, dist);
  } catch (error) {
    // Another process put its build there in between; it was made from the same sources.
    if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    fs.rmSync(fresh, { recursive: true, force: true });
  }
  fs.rmSync(old, { recursive: true, force: true });
  return true;
}

/** Removes what builds left that were cut short. Only one process at a time builds, so none of it is in use. */
function sweep() {
  for (const name of fs.readdirSync(root)) {
    if (/^dist\.\d+\.(tmp|old)$/.test(name)) fs.rmSync(path.join(root, name), { recursive: true, force: true });
  }
}

module.exports = { build };

if (require.main === module) {
  build().catch((error) => {
    process.stderr.write(`avf: the build failed: ${error.message}\n`);
    process.exitCode = 1;
  });
}
