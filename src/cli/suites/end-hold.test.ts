import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { freeHoldId, listHolds, writeHold } from "../../artifacts/holds/hold-records.js";
import { packageRoot } from "../../base/paths.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-end-hold-"));
  process.env["AVF_CACHE_DIR"] = folder;
});
afterEach(() => {
  delete process.env["AVF_CACHE_DIR"];
  rmSync(folder, { recursive: true });
});

function avf(...args: readonly string[]): { readonly status: number | null; readonly printed: string } {
  const argv = [join(packageRoot, "src/cli/avf.cjs"), ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", env: { ...process.env } });
  return { status, printed: `${stdout}${stderr}` };
}

function hold(test: string): string {
  const id = freeHoldId();
  const times = { startedMs: Date.now(), endsMs: Date.now() + 60_000 };
  writeHold({ id, pid: process.pid, test, file: "a.test.ts", serial: "phone", vms: [], ...times });
  return id;
}

// `release` is what the command was called at first.
test.each(["end-hold", "release"])("avf %s ends the hold it names, and no other", (command) => {
  const [first, second] = [hold("one"), hold("two")];
  expect(avf(command, first)).toEqual({ status: 0, printed: `${first} ended: one\n` });
  expect(listHolds().map(({ id }) => id)).toEqual([second]);
});

test("several holds are distinguished by id, or ended by --all", () => {
  const [first, second] = [hold("one"), hold("two")];
  const { status, printed } = avf("end-hold");
  expect(status).toBe(2);
  expect(printed).toContain("Several tests are held.");
  expect(printed).toContain(`${first}  one`);
  expect(listHolds()).toHaveLength(2);
  const all = avf("end-hold", "--all");
  expect(all.printed.trim().split("\n").sort()).toEqual([`${first} ended: one`, `${second} ended: two`]);
  expect(listHolds()).toEqual([]);
});

test.each([
  ["release", "--help"],
  ["help", "release"],
])("avf %s %s is the help of end-hold", (...args) => {
  const { status, printed } = avf(...args);
  expect(status).toBe(0);
  expect(printed).toContain("avf end-hold");
});
