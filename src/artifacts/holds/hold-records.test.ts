import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { freeHoldId, holdPath, listHolds, writeHold, type HoldRecord } from "./hold-records.js";

const saved = process.env["AVF_CACHE_DIR"];
let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "avf-holds-"));
  process.env["AVF_CACHE_DIR"] = cache;
});
afterEach(() => {
  if (saved === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = saved;
  rmSync(cache, { recursive: true });
});

const hold = (id: string, pid: number): HoldRecord => ({
  ...{ id, pid, test: "fails", file: "x.test.ts", serial: "phone", vms: [], startedMs: pid, endsMs: pid },
});

test("records of dead processes are removed; those of live ones, of other containers, and unreadable ones stay", () => {
  writeHold(hold(freeHoldId(), process.pid));
  const { pid } = spawnSync("true");
  const write = (id: string, content: unknown): void => writeFileSync(holdPath(id), JSON.stringify(content));
  write(`${pid}-1`, hold(`${pid}-1`, pid));
  write(`${pid}-2`, { ...hold(`${pid}-2`, pid), owner: { pid, startTicks: "1" } });
  write(`${pid}-3`, { ...hold(`${pid}-3`, pid), owner: { pid, startTicks: "1", place: "another-boot pid:[1]" } });
  writeFileSync(holdPath(`${pid}-4`), '{"id":');
  expect(
    listHolds()
      .map(({ id }) => id)
      .sort(),
  ).toEqual([`${process.pid}-1`, `${pid}-3`].sort());
  const left = readdirSync(dirname(holdPath("1-1"))).sort();
  expect(left).toEqual([`${process.pid}-1.json`, `${pid}-3.json`, `${pid}-4.json`].sort());
  // One of another container may have our pid.
  expect(freeHoldId()).toBe(`${process.pid}-2`);
});
