import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { packageRoot } from "../base/paths.js";
import { overview } from "./help.js";
import { INTERNAL_VARIABLES, SETTINGS } from "./settings.js";

const SOURCE = /\.(ts|cjs|c|h|sh)$/;
const OF_TESTS = /\.test\.ts$|(^|\/)testing\//;

function namesInSources(): ReadonlySet<string> {
  const files = ["src", "tools"].flatMap((folder) =>
    readdirSync(join(packageRoot, folder), { recursive: true, encoding: "utf8" }).map((path) => join(folder, path)),
  );
  const texts = files
    .filter((path) => SOURCE.test(path) && !OF_TESTS.test(path) && !path.startsWith("src/cli/settings."))
    .map((path) => readFileSync(join(packageRoot, path), "utf8"));
  return new Set(texts.flatMap((text) => text.match(/\b(AVF_[A-Z_]+|ANDROID_SERIAL|STF_[A-Z_]+)\b/g) ?? []));
}

test("the table of settings has every variable that the sources name, and no others", () => {
  const settings = SETTINGS.map(([setting]) => setting.slice(0, setting.indexOf("=")));
  const known = [...settings, ...Object.keys(INTERNAL_VARIABLES)];
  expect([...namesInSources()].sort()).toEqual(known.sort());
});

test("help and README have each setting with its values, the README no others", () => {
  for (const [setting, meaning] of SETTINGS) {
    expect(overview()).toContain(`  ${setting} `);
    expect(overview().replace(/\s+/g, " ")).toContain(meaning);
  }
  const readme = readFileSync(join(packageRoot, "README.md"), "utf8");
  const [, section = ""] = /\n## Settings\n(.*?)\n## /s.exec(readme) ?? [];
  const rows = [...section.matchAll(/^\| `([^`]+)`/gm)].map(([, setting = ""]) => setting.replaceAll("\\|", "|"));
  expect(rows).toEqual(SETTINGS.map(([setting]) => setting));
});
