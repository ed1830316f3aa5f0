import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entriesBelow, filesBelow } from "./files-below.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "files-below-"));
  mkdirSync(join(folder, "a/b"), { recursive: true });
  for (const name of ["top", "a/b/deep"]) writeFileSync(join(folder, name), "");
});
afterEach(() => rmSync(folder, { recursive: true }));

const foldersOf = (path: string): string[] =>
  entriesBelow(path)
    .filter(({ isFolder }) => isFolder)
    .map((entry) => entry.path);

test("finds files and folders at any depth", () => {
  expect(filesBelow(folder).sort()).toEqual(["a/b/deep", "top"]);
  expect(foldersOf(folder).sort()).toEqual(["a", "a/b"]);
  expect(() => filesBelow(join(folder, "gone"))).toThrow("ENOENT");
});

test("follows no link: two that lead back would be followed 2^40 times", () => {
  symlinkSync(folder, join(folder, "a/one"));
  symlinkSync(folder, join(folder, "a/two"));
  symlinkSync(join(folder, "top"), join(folder, "a/file"));
  expect(filesBelow(folder).sort()).toEqual(["a/b/deep", "top"]);
  expect(foldersOf(folder).sort()).toEqual(["a", "a/b"]);
});
