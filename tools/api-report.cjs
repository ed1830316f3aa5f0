"use strict";
// Writes the public types of the package, one report for each entry point, to docs/api-report/; with `--check` it prints
// instead what differs from the reports there. `npm run api` writes them, `npm run check` checks. The reports are made by API Extractor
// from the declarations that the package has, without what is @internal.
const { createHash } = require("node:crypto");
const fs = require("node:fs");
const path = require("node:path");
const { spawnSync } = require("node:child_process");

const root = path.resolve(__dirname, "..");
// Not dist/, which each build replaces: so that only what changed is made again.
const types = path.join(root, "dist.types");
const reports = path.join(root, "docs/api-report");
const DOORS = [
  ["jest-avf", "index"],
  ["jest-avf-node", "node"],
  ["jest-avf-apk", "apk/index"],
];

/** Holds the key of what passed the check last: the same declarations need not be read again. */
const passed = path.join(types, ".api-report-passed");

function main(check) {
  emitTypes();
  const key = check ? keyOfCheck() : undefined;
  if (check && fs.existsSync(passed) && fs.readFileSync(passed, "utf8") === key) return 0;
  const { CompilerState, Extractor } = require("@microsoft/api-extractor");
  const folder = check ? path.join(types, "api-report") : reports;
  fs.mkdirSync(folder, { recursive: true });
  const configs = DOORS.map(([name, entry]) => configOf(name, entryOf(entry), folder));
  // The entry points lead to mostly the same declarations, which are read and checked once.
  const compilerState = CompilerState.create(configs[0], {
    additionalEntryPoints: DOORS.map(([, entry]) => entryOf(entry)),
  });
  for (const config of configs) writeReport(Extractor, config, compilerState);
  const differing = DOORS.filter(
    ([name]) => check && !isSame(path.join(reports, `${name}.api.md`), path.join(folder, `${name}.api.md`)),
  );
  if (differing.length === 0) {
    if (check) fs.writeFileSync(passed, key);
    return 0;
  }
  process.stdout.write(
    `The public types differ from docs/api-report (- there, + now). If that is meant: npm run api, and commit its output.\n`,
  );
  return 1;
}

/** Of all that the outcome depends on: declarations, reports, this file, and the packages with their versions. */
function keyOfCheck() {
  const hash = createHash("sha256");
  const listed = (folder, end) =>
    fs
      .readdirSync(folder, { recursive: true })
      .filter((name) => name.endsWith(end))
      .sort()
      .map((name) => path.join(folder, name));
  const own = [__filename, path.join(root, "package-lock.json"), path.join(root, "package.json")];
  for (const file of [...own, ...listed(types, ".d.ts"), ...listed(reports, ".api.md")]) {
    hash.update(`${file}\0`).update(fs.readFileSync(file)).update("\0");
  }
  return hash.digest("hex");
}

const entryOf = (entry) => path.join(types, `${entry}.d.ts`);

function emitTypes() {
  const argv = ["-p", "tsconfig.build.json", "--outDir", types, "--tsBuildInfoFile", path.join(types, ".tsbuildinfo")];
  const { status, stdout } = spawnSync(
    process.execPath,
    [path.join(root, "node_modules/typescript/bin/tsc"), ...argv],
    {
      cwd: root,
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(`tsc failed to emit the types of the package:\n${stdout}`);
}

function configOf(name, entry, folder) {
  const { ExtractorConfig } = require("@microsoft/api-extractor");
  const compilerOptions = { module: "nodenext", moduleResolution: "nodenext", target: "es2022", strict: true };
  const lib = ["es2023", "esnext.disposable"];
  return ExtractorConfig.prepare({
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: entry,
      compiler: {
        overrideTsconfig: {
          compilerOptions: { ...compilerOptions, lib, skipLibCheck: true, types: ["node"] },
          files: [entry],
        },
      },
      apiReport: {
        enabled: true,
        reportFileName: `${name}.api.md`,
        reportFolder: folder,
        reportTempFolder: path.join(types, "temp"),
        // Types that are reached only through others are seen by users as well.
        includeForgottenExports: true,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      newlineKind: "lf",
    },
    packageJsonFullPath: path.join(root, "package.json"),
  });
}

function writeReport(extractor, config, compilerState) {
  const errors = [];
  const messageCallback = (message) => {
    // Only the report is needed; messages about comments are ignored.
    message.handled = true;
    if (message.logLevel === "error" && message.category !== "TSDoc") errors.push(message.text);
  };
  extractor.invoke(config, { compilerState, localBuild: true, messageCallback });
  if (errors.length > 0)
    throw new Error(`API Extractor failed on ${config.mainEntryPointFilePath}: ${errors.join("\n")}`);
}

/** Prints where they differ. */
function isSame(before, after) {
  if (fs.existsSync(before) && fs.readFileSync(before, "utf8") === fs.readFileSync(after, "utf8")) return true;
  const from = fs.existsSync(before) ? before : "/dev/null";
  const { stdout } = spawnSync("git", ["diff", "--no-index", "--unified=2", from, after], { encoding: "utf8" });
  process.stdout.write(stdout ?? "");
  return false;
}

try {
  process.exitCode = main(process.argv.includes("--check"));
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
