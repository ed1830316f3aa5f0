/** Which shard runs which file: longest first, each to the shard that has least (R. L. Graham, 1969). */
import { createHash } from "node:crypto";
import { median } from "../history/index.js";

export interface Weighed {
  /** Names the file on every host. */
  readonly key: string;
  /** How long it takes; undefined when nobody knows. */
  readonly durationMs: number | undefined;
}

export interface Shards<T> {
  /** Those that have files: the first ones. */
  readonly shards: readonly (readonly T[])[];
  /** How long each takes, as far as is known. */
  readonly loadsMs: readonly number[];
  /** Of all of it: equal on all shards that would cut the same way. */
  readonly digest: string;
}

/**
 * The order in which the files are given plays no part, and neither does anything but their keys and durations. One of
 * which nothing is known counts as the median of the others.
 */
export function splitByDuration<T extends Weighed>(files: readonly T[], count: number): Shards<T> {
  const known = files.flatMap(({ durationMs }) => (durationMs === undefined ? [] : [durationMs]));
  const guessMs = median(known) || 1;
  const weighed = files
    .map((file) => ({ file, weightMs: file.durationMs ?? guessMs }))
    .sort((a, b) => b.weightMs - a.weightMs || compare(a.file.key, b.file.key));
  // More would have none.
  const shards = Array.from({ length: Math.min(count, files.length) }, () => ({ loadMs: 0, files: [] as T[] }));
  for (const { file, weightMs } of weighed) {
    // With equal loads, as of files that take no time, the fewest files count.
    const least = shards.reduce((best, shard) => (isLess(shard, best) ? shard : best));
    least.loadMs += weightMs;
    least.files.push(file);
  }
  const digest = createHash("sha256");
  digest.update(JSON.stringify(shards.map((shard) => shard.files.map(({ key }) => key).sort(compare))));
  return {
    shards: shards.map((shard) => shard.files),
    loadsMs: shards.map(({ loadMs }) => loadMs),
    digest: digest.digest("hex").slice(0, 12),
  };
}

interface Load {
  readonly loadMs: number;
  readonly files: readonly unknown[];
}

function isLess(a: Load, b: Load): boolean {
  return a.loadMs < b.loadMs || (a.loadMs === b.loadMs && a.files.length < b.files.length);
}

/** By code units: the same in every locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
