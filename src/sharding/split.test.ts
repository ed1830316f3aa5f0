import { describe, expect, test } from "@jest/globals";
import TestSequencer from "@jest/test-sequencer";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { packageRoot } from "../base/paths.js";
import recorded from "./testing/recorded-files.json";
import { splitByDuration, type Weighed } from "./split.js";

const filesOf = (durations: readonly (number | undefined)[]): readonly Weighed[] =>
  durations.map((durationMs, index) => ({ key: `f${index}`, durationMs }));

const durations = fc.array(fc.option(fc.integer({ min: 0, max: 600_000 }), { nil: undefined }), { maxLength: 80 });
const shardCount = fc.integer({ min: 1, max: 24 });

/** What docs/ci.md says of the slowest of so many shards: as planned, in the next run, by Jest's own split. */
function tableRow(count: number): readonly string[] {
  const page = readFileSync(join(packageRoot, "docs/ci.md"), "utf8");
  const row = page.split("\n").find((line) => new RegExp(`^\\| ${count} +\\|`).test(line));
  return (row ?? "")
    .split("|")
    .slice(2, 5)
    .map((cell) => cell.trim());
}

describe("a split by duration", () => {
  test("has each file in one shard, whatever their number", () => {
    fc.assert(
      fc.property(durations, shardCount, (each, count) => {
        const files = filesOf(each);
        const { shards } = splitByDuration(files, count);
        expect(shards).toHaveLength(Math.min(count, files.length));
        const all = shards.flat().map(({ key }) => key);
        expect(all.sort()).toEqual(files.map(({ key }) => key).sort());
      }),
    );
  });

  test("into more shards than there is memory for is that of the files", () => {
    expect(splitByDuration(filesOf([3, 2, 1]), 1_000_000_000).shards.map((shard) => shard.length)).toEqual([1, 1, 1]);
  });

  test("is the same on every host, in whatever order its file system lists files", () => {
    const shuffled = durations.chain((each) => {
      const files = filesOf(each);
      return fc.tuple(fc.constant(files), fc.shuffledSubarray([...files], { minLength: files.length }));
    });
    fc.assert(
      fc.property(shuffled, shardCount, ([files, other], count) => {
        expect(splitByDuration(other, count)).toEqual(splitByDuration(files, count));
      }),
    );
  });

  // Graham's bound for lists: the shard that ends last was the one with least when its last file came.
  test("leaves no shard longer than the mean and its longest file", () => {
    fc.assert(
      fc.property(durations, shardCount, (each, count) => {
        const { loadsMs, shards } = splitByDuration(filesOf(each), count);
        const mean = loadsMs.reduce((sum, load) => sum + load, 0) / count;
        const known = each.flatMap((one) => one ?? []);
        const longest = known.length === 0 ? 1 : Math.max(1, ...known);
        expect(Math.max(...loadsMs)).toBeLessThanOrEqual(mean + longest * (1 - 1 / count) + 1e-6);
        // As many as there is work for: no shard is idle while another has two files or more.
        if (each.length >= count)
          expect(shards.every((shard) => shard.length > 0 || known.some((one) => one === 0))).toBe(true);
      }),
    );
  });

  test("counts an unknown file as the median of the others", () => {
    const known = [10_000, 30_000, 50_000, 20_000, 40_000].map((durationMs, index) => ({
      key: `k${index}`,
      durationMs,
    }));
    const { loadsMs } = splitByDuration([...known, { key: "new", durationMs: undefined }], 6);
    expect([...loadsMs].sort((a, b) => a - b)).toEqual([10_000, 20_000, 30_000, 30_000, 40_000, 50_000]);
  });

  test("says whether two hosts would split the same way", () => {
    const files = filesOf([5, 4, 3, 3, 3]);
    const digests = [files, [...files].reverse(), files.slice(1), filesOf([1, 4, 3, 3, 9])].map(
      (each) => splitByDuration(each, 2).digest,
    );
    expect(digests[1]).toBe(digests[0]);
    expect(new Set(digests).size).toBe(3);
  });
});

/** How long each took, in two runs: on machines that were busy with other things as well. */
describe("200 files as two runs of this repository recorded them", () => {
  const files = Object.entries(recorded).map(([key, [durationMs = 0]]) => ({ key, durationMs }));
  const later = new Map(Object.entries(recorded).map(([key, [, durationMs = 0]]) => [key, durationMs]));
  const total = files.reduce((sum, { durationMs }) => sum + durationMs, 0);

  /** Of the slowest shard, in means. */
  const slowest = (loadsMs: readonly number[]): number =>
    (Math.max(...loadsMs) * loadsMs.length) / loadsMs.reduce((sum, load) => sum + load, 0);

  async function jestsOwn(count: number): Promise<readonly number[]> {
    const rootDir = "/project";
    type Tests = Parameters<TestSequencer["shard"]>[0];
    const tests = files.map(({ key }) => ({ path: `${rootDir}/${key}`, context: { config: { rootDir } } }));
    const options = { contexts: [], globalConfig: {} } as unknown as ConstructorParameters<typeof TestSequencer>[0];
    const sequencer = new TestSequencer(options);
    const shards = Array.from({ length: count }, (_unused, at) =>
      sequencer.shard(tests as unknown as Tests, { shardIndex: at + 1, shardCount: count }),
    );
    const durationOf = new Map(files.map(({ key, durationMs }) => [`${rootDir}/${key}`, durationMs]));
    const all: { readonly path: string }[][] = [];
    for (const shard of shards) all.push(await shard);
    return all.map((shard) => shard.reduce((sum, { path }) => sum + (durationOf.get(path) ?? 0), 0));
  }

  test("have a long tail", () => {
    const sorted = files.map(({ durationMs }) => durationMs).sort((a, b) => b - a);
    expect(sorted).toHaveLength(200);
    const tenth = sorted.slice(0, 20).reduce((sum, each) => sum + each, 0);
    expect(tenth).toBeGreaterThan(total / 2);
  });

  test.each([2, 4, 8, 10])("take the slowest of %d shards at most 1.15 times the mean", async (count) => {
    const ours = splitByDuration(files, count).loadsMs;
    expect(slowest(ours)).toBeLessThanOrEqual(1.15);
    const next = splitByDuration(files, count).shards.map((shard) =>
      shard.reduce((sum, { key }) => sum + (later.get(key) ?? 0), 0),
    );
    const told = [ours, next, await jestsOwn(count)].map((loads) => slowest(loads).toFixed(2));
    expect(tableRow(count)).toEqual(told);
  });
});
