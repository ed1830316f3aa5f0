import { expect, test } from "@jest/globals";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";

const read = (path: string): string => readFileSync(join(packageRoot, "src", path), "utf8");
/** What makes errors that reach suites; the device's own side speaks Android's codes. */
const MADE =
  /\bnew \(?[\w.()]*(?:Error|Exception)\)?\(\s*(?:"[a-z]+",\s*)?"([A-Z][A-Z0-9_]+)"|\bexception\(\s*"([A-Z0-9_]+)"|\bsuper\("([A-Z0-9_]+)"/g;

test("the type of codes has each that an error of the library is made with", () => {
  const files = readdirSync(join(packageRoot, "src"), { recursive: true, encoding: "utf8" }).filter(
    (path) => path.endsWith(".ts") && !/\.test\.ts$|\/testing\/|^(?:avfd|cli|guest)\//.test(path),
  );
  const made = files.flatMap((path) => [...read(path).matchAll(MADE)].map(([, a, b, c]) => a ?? b ?? c ?? ""));
  const typed = [...read("jest/matchers/error-codes.ts").matchAll(/\| "(\w+)"/g)].map(([, code]) => code);
  expect(made.length).toBeGreaterThan(100);
  expect([...new Set(made)].filter((code) => !typed.includes(code)).sort()).toEqual([]);
  expect(typed).toEqual([...new Set(typed)].sort());
});
