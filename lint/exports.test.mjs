import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { unusedExports } from "./exports.mjs";

test("an export that no other source names is found, unless the package has it", () => {
  const root = mkdtempSync(join(tmpdir(), "avf-exports-"));
  const write = (path, text) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  try {
    write(
      "src/a.ts",
      "export async function used() {}\nexport const ALONE = 1;\nexport interface Shown {}\nconst own = 1;\n",
    );
    write("src/b/c.ts", 'import { used } from "../a.js";\nexport abstract class Base {}\nexport type ByTests = 1;\n');
    write("suites/x.test.ts", "type Mine = ByTests;\n");
    write("suites/helper.ts", "export const notOfSrc = 1;\n");
    write("docs/api-report/door.api.md", "export interface Shown {\n}\n\ninterface Base {\n}\n");
    assert.deepEqual(unusedExports(root).sort(), ["src/a.ts: ALONE", "src/b/c.ts: Base"]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
