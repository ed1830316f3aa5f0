import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { compare, lowered, measure } from "./sizes.mjs";

test("reports files that are too large unless they are listed; a listed size may only shrink", () => {
  const root = mkdtempSync(join(tmpdir(), "avf-sizes-"));
  try {
    mkdirSync(join(root, "src/many"), { recursive: true });
    const write = (name, lines) => writeFileSync(join(root, "src", name), "x\n".repeat(lines));
    write("fits.ts", 250);
    write("long.ts", 251);
    write("fits.test.ts", 350);
    write("long.test.ts", 351);
    for (let index = 0; index < 16; index++) write(`many/${index}.c`, 1_000);
    const now = measure(root);
    const expected = { files: { "src/long.ts": 251, "src/long.test.ts": 351 }, folders: { "src/many": 16 } };
    assert.deepEqual(now, expected);

    const none = { files: {}, folders: {} };
    assert.deepEqual(compare(now, none), [
      "src/long.test.ts has 351 lines; at most 350 are allowed",
      "src/long.ts has 251 lines; at most 250 are allowed",
      "src/many has 16 files; at most 15 are allowed",
    ]);
    assert.deepEqual(compare(now, expected), []);
    const less = { ...expected, folders: { "src/many": 15 } };
    assert.deepEqual(compare(now, less), ["src/many has 16 files; at most 15 are allowed"]);
    const listed = { files: { "src/long.ts": 300, "src/gone.ts": 900 }, folders: { "src/many": 15 } };
    assert.deepEqual(lowered(now, listed), { files: { "src/long.ts": 251 }, folders: { "src/many": 15 } });
  } finally {
    rmSync(root, { recursive: true });
  }
});
