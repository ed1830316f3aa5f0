/** `avf test`: Jest, with our preset for a folder that has suites and no configuration of its own. */
import { readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import preset from "../../jest/jest-preset.js";
import { findJestConfig } from "./jest-config.js";
import { runJest } from "./run-jest.js";

export async function run(args: readonly string[]): Promise<number> {
  const folder = process.cwd();
  const named = args.some((arg) => /^(-c|--config)(=|$)/.test(arg));
  if (named || findJestConfig(folder) !== undefined) return runJest(args, { folder, jestOf: jestOf(folder) });
  const apks = readdirSync(folder).filter((name) => name.endsWith(".apk"));
  const bundled = join(packageRoot, "fixtures/MicrodroidTestApp.apk");
  const installed = apks.length > 0 ? apks : [bundled];
  const shown = apks.length > 0 ? apks.join(", ") : "the sample APK";
  process.stderr.write(`avf: no Jest configuration here: using jest-avf's preset, with ${shown}\n`);
  const options = {
    rootDir: folder,
    ...preset,
    // The folder needs no node_modules of its own.
    moduleNameMapper: {
      "^jest-avf$": join(packageRoot, "dist/index.js"),
      "^jest-avf/apk$": join(packageRoot, "dist/apk/index.js"),
    },
    testEnvironmentOptions: { apks: installed },
  };
  return runJest(["--config", JSON.stringify(options), ...args], { folder, jestOf: packageRoot });
}

/** The folder whose Jest runs: the project's, or ours where the project has none. */
function jestOf(folder: string): string {
  try {
    createRequire(join(folder, "package.json")).resolve("jest/package.json");
    return folder;
  } catch {
    return packageRoot;
  }
}
