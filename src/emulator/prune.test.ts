import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { self } from "../process/life.js";
import { pruneCache, removeSnapshotsOf } from "./prune.js";

const OLD = "0123456789abcdef";
const RUNS = "1111111111111111";
const PRESENT = "2222222222222222";
const saved = process.env["AVF_CACHE_DIR"];
let cache: string;
beforeEach(() => void (process.env["AVF_CACHE_DIR"] = cache = mkdtempSync(join(tmpdir(), "avf-prune-"))));
afterEach(() => {
  if (saved === undefined) delete process.env["AVF_CACHE_DIR"];
  else process.env["AVF_CACHE_DIR"] = saved;
  rmSync(cache, { recursive: true });
});

function make(path: string, days: number): void {
  mkdirSync(join(cache, path), { recursive: true });
  const at = new Date(Date.now() - days * 24 * 3_600_000);
  utimesSync(join(cache, path), at, at);
}
const names = (folder: string): readonly string[] => readdirSync(join(cache, folder)).sort();

test("removes images and snapshots unused for days, but none that is current, running, being made, or owned", async () => {
  make("devices/avf-1", 0);
  const record = { name: "avf-1", imageKey: RUNS, owner: self() };
  writeFileSync(join(cache, "devices/avf-1/record.json"), JSON.stringify(record));
  for (const key of [OLD, RUNS, PRESENT]) {
    make(`images/${key}`, 9);
    make(`snapshots/${key}-kvm-2`, 9);
  }
  for (const name of ["3333333333333333", `${OLD}.process-1.tmp`, "my notes", `${OLD}x`])
    make(`images/${name}`, name.startsWith("3") ? 1 : 9);
  for (const [name, days] of [
    ["kvm-1", 9],
    ["tcg-1", 1],
  ] as const)
    make(`snapshots/${PRESENT}-${name}`, days);
  await pruneCache(cache, { imageKey: PRESENT, snapshotFolder: join(cache, `snapshots/${PRESENT}-kvm-2`) });
  expect(names("images")).toEqual(
    [`${OLD}.process-1.tmp`, `${OLD}x`, RUNS, PRESENT, "3333333333333333", "my notes"].sort(),
  );
  // Of the present image: the one in use, and the one that another host, or another number of processors, uses.
  expect(names("snapshots")).toEqual([`${RUNS}-kvm-2`, `${PRESENT}-kvm-2`, `${PRESENT}-tcg-1`]);
});

test("snapshots of a rebuilt image are removed, and no others", async () => {
  for (const name of [`${OLD}-tcg-2`, `${OLD}-kvm-1`, `${RUNS}-tcg-2`, `${OLD}x-mine`]) make(`snapshots/${name}`, 0);
  await removeSnapshotsOf(cache, OLD);
  expect(names("snapshots")).toEqual([`${OLD}x-mine`, `${RUNS}-tcg-2`].sort());
});
