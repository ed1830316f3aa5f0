import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keepBootTime, readSlowness } from "./slowness.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "slowness-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test.each([
  [4_000, 1],
  [8_000, 1],
  [20_000, 2.5],
  [3_600_000, 6],
  [Number.NaN, 1],
])("a first boot of %d ms makes waits %d times as long", async (bootMs, slowness) => {
  await keepBootTime(folder, bootMs);
  expect(await readSlowness(folder)).toBe(slowness);
});

test("a snapshot without a value counts as usual", async () => {
  expect(await readSlowness(folder)).toBe(1);
  writeFileSync(join(folder, "boot-time.json"), '{"bootMs":"long"');
  expect(await readSlowness(folder)).toBe(1);
});
