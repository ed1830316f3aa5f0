import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { testedOnly, unusedExports } from "./exports.mjs";

function inTree(files, check) {
  const root = mkdtempSync(join(tmpdir(), "avf-exports-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    check(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

test("an export that no other source names is found, unless the package has it", () => {
  const files = {
    "src/a.ts": "export async function used() {}\nexport const ALONE = 1;\nexport interface Shown {}\nconst own = 1;\n",
    "src/b/c.ts": 'import { used } from "../a.js";\nexport abstract class Base {}\nexport type ByTests = 1;\n',
    "suites/x.test.ts": "type Mine = ByTests;\n",
    "suites/helper.ts": "export const notOfSrc = 1;\n",
    "docs/api-report/door.api.md": "export interface Shown {\n}\n\ninterface Base {\n}\n",
  };
  inTree(files, (root) => assert.deepEqual(unusedExports(root).sort(), ["src/a.ts: ALONE", "src/b/c.ts: Base"]));
});

test("code that only tests name is found, unless it is for them, its own file needs it, or the package has it", () => {
  const files = {
    "src/a.ts": [
      "/** As `dead` does, which ends before. */",
      "// Not dead().",
      "export function dead() {}",
      "export const inner = 1;",
      "export const outer = inner;",
      "export interface Shown {}",
    ].join("\n"),
    "src/a.test.ts": "dead(); inner; outer; help(); type Mine = Shown;\n",
    "src/b.ts": "outer;\n",
    "src/testing/help.ts": "export function help() { dead(); }\n",
    "docs/api-report/door.api.md": "export interface Shown {\n}\n",
  };
  inTree(files, (root) => assert.deepEqual(testedOnly(root), ["src/a.ts: dead"]));
});
