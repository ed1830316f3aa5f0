/** What is to be said of several runs as a whole: whether they are all, and whether they fit together. */
import { unreadableEvents } from "../../artifacts/read-events.js";
import { formatMs } from "../../base/deadline.js";
import { shardName } from "../model/origin.js";
import type { ShardOfRun } from "../../artifacts/events.js";
import type { LoadedPart } from "./load-part.js";

export interface MergeNotes {
  /** Something is not there: a shard, or the end of one. */
  readonly missing: readonly string[];
  /** All is there, but look at it with care. */
  readonly odd: readonly string[];
}

/** Shards of a run begin together, or one after the other; hosts that know the time differ by seconds. */
const GAP_MS = 30 * 60_000;
const AHEAD_MS = 60_000;

export function notesOf(parts: readonly LoadedPart[], empty: readonly string[], nowMs = Date.now()): MergeNotes {
  return {
    missing: [
      ...empty.map((folder) => `${folder} has no run.`),
      ...missingShards(parts),
      ...cutShort(parts),
      ...parts.flatMap(unread),
    ],
    odd: [...splits(parts), ...differing(parts), ...clocks(parts, nowMs)],
  };
}

function missingShards(parts: readonly LoadedPart[]): readonly string[] {
  const counts = new Set(parts.flatMap(({ run }) => run.origin.shard?.count ?? []));
  // With 1/1000000 not every missing shard is listed.
  return [...counts].flatMap((count) => {
    const there = new Set(
      parts.flatMap(({ run: { origin } }) => (origin.shard?.count === count ? [origin.shard.index] : [])),
    );
    if (there.size === count) return [];
    const missing: string[] = [];
    for (let index = 1; index <= count && missing.length < 10; index++)
      if (!there.has(index)) missing.push(String(index));
    const more = count - there.size - missing.length;
    const which = `${missing.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    return [
      `Of ${count} shards ${count - there.size === 1 ? "one is" : `${count - there.size} are`} missing: ${which}.`,
    ];
  });
}

function cutShort(parts: readonly LoadedPart[]): readonly string[] {
  const whole = new Set(parts.flatMap(({ run }) => (run.cutShort ? [] : (shardName(run.origin.shard) ?? []))));
  return parts
    .filter(({ run }) => run.cutShort && !whole.has(shardName(run.origin.shard) ?? ""))
    .map(({ found }) => `${found.name} was cut short: tests that it had not begun are not in this report.`);
}

/** It is not all there, although its end is. */
function unread({ found, run }: LoadedPart): readonly string[] {
  const files = unreadableEvents(found.folder).map((problem) => `${found.name} is not whole: ${problem}`);
  const beginning = `${found.name} has lost its beginning: which shard it is, and when it began, is not known.`;
  return [...files, ...(run.cutShort || run.version !== "" ? [] : [beginning])];
}

function splits(parts: readonly LoadedPart[]): readonly string[] {
  const shards = parts.flatMap(({ run }) => run.origin.shard ?? []);
  const different = <K extends keyof ShardOfRun>(key: K): boolean =>
    new Set(shards.map((shard) => shard[key])).size > 1;
  if (different("count")) return ["The runs are shards of different splits: tests may be there twice, or not at all."];
  if (!different("digest")) return [];
  return ["The shards were split by different histories: files may have run twice, or not at all."];
}

function differing(parts: readonly LoadedPart[]): readonly string[] {
  const list = (what: string, values: readonly (string | undefined)[]): readonly string[] => {
    const known = [...new Set(values.flatMap((value) => value ?? []))];
    return known.length < 2 ? [] : [`The runs are of different ${what}: ${known.slice(0, 5).join(", ")}.`];
  };
  return [
    ...list(
      "projects",
      parts.map(({ run }) => run.project),
    ),
    ...list(
      "commits",
      parts.map(({ run }) => run.origin.commit?.slice(0, 10)),
    ),
    ...list(
      "versions of jest-avf",
      parts.map(({ run }) => run.version || undefined),
    ),
  ];
}

/** Each run has its own clock; times within a run are right in any case. */
function clocks(parts: readonly LoadedPart[], nowMs: number): readonly string[] {
  const spans = parts.map(({ found, run }) => ({
    ...{ name: found.name, startMs: run.startedWallMs, endMs: run.startedWallMs + run.durationMs },
  }));
  return spans.flatMap((span) => {
    if (span.startMs > nowMs + AHEAD_MS) {
      return [`${span.name} began ${formatMs(span.startMs - nowMs)} from now: the clock of its host is wrong.`];
    }
    const others = spans.filter((other) => other !== span);
    const gapMs = Math.min(...others.map((other) => Math.max(span.startMs - other.endMs, other.startMs - span.endMs)));
    if (others.length === 0 || gapMs < GAP_MS) return [];
    return [
      `${span.name} ran ${formatMs(gapMs)} apart from all other runs: it was started again, or the clock of its host is wrong.`,
    ];
  });
}
