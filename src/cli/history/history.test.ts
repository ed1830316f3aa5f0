import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "./history.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-history-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test.each<[string, readonly string[], RegExp]>([
  ["a folder", ["sub"], /^The history .*sub cannot be used: it is not a file/],
  ["what is below a file", ["file/x"], /^There is no history .*file\/x/],
  ["a folder as --out", ["file", "--out", "sub"], /EISDIR/],
])("%s is refused, and nothing is left", async (_what, args, message) => {
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "file"), "");
  const words = args.map((word) => (word.startsWith("-") ? word : join(folder, word)));
  await expect(run(words)).rejects.toThrow(message);
  expect(readdirSync(folder).sort()).toEqual(["file", "sub"]);
});
