/** `avf test`: Jest with our preset, for a folder that has suites and no configuration of its own. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import preset from "../jest/jest-preset.js";
import { runJest } from "./self-test.js";

const CONFIG_NAMES = ["ts", "mts", "cts", "js", "mjs", "cjs", "json"].map((ending) => `jest.config.${ending}`);

export async function run(args: readonly string[]): Promise<number> {
  const folder = process.cwd();
  if (hasConfig(folder)) return runJest(args, folder);
  const apks = readdirSync(folder).filter((name) => name.endsWith(".apk"));
  const bundled = join(packageRoot, "fixtures/MicrodroidTestApp.apk");
  const installed = apks.length > 0 ? apks : [bundled];
  process.stderr.write(`avf: no Jest configuration here; jest-avf's preset, with ${installed.join(", ")}\n`);
  const config = {
    rootDir: folder,
    ...preset,
    moduleNameMapper: { "^jest-avf$": join(packageRoot, "dist/index.js") },
    testEnvironmentOptions: { apks: installed },
  };
  return runJest(["--config", JSON.stringify(config), ...args], folder, packageRoot);
}

function hasConfig(folder: string): boolean {
  if (CONFIG_NAMES.some((name) => existsSync(join(folder, name)))) return true;
  try {
    return "jest" in (JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as object);
  } catch {
    return false;
  }
}
