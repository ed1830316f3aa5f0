import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { identifySnapshot, removeSnapshot } from "./identity.js";

let root: string;
let folder: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "avf-snapshot-"));
  folder = join(root, "snapshot");
  make();
});
afterEach(() => rmSync(root, { recursive: true }));

function make(): void {
  mkdirSync(folder);
  writeFileSync(join(folder, "state"), "state");
}

test("of several that found one snapshot unusable, only the first removes it; the new one stays", async () => {
  const [first, second] = [await identifySnapshot(folder), await identifySnapshot(folder)];
  await removeSnapshot(folder, first);
  expect(existsSync(folder)).toBe(false);
  make();
  await removeSnapshot(folder, second);
  expect(existsSync(join(folder, "state"))).toBe(true);
});

test("one that has lost its state is removed as such, and any one when none is named", async () => {
  rmSync(join(folder, "state"));
  await removeSnapshot(folder, await identifySnapshot(folder));
  expect(existsSync(folder)).toBe(false);
  make();
  await removeSnapshot(folder);
  expect(existsSync(folder)).toBe(false);
});
