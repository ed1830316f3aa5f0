/** What past runs say about a test: flaky, broken since when, or neither. */
import type { PastOutcome, TestEntry } from "./entries.js";
import type { Past } from "./read-history.js";
import { wilson, type Rate } from "./wilson.js";

export interface Flakiness extends Rate {
  /** Runs in which it was flaky, of how many. */
  readonly times: number;
  readonly runs: number;
  /** The first of them. */
  readonly since: Past<TestEntry>;
  readonly last: Past<TestEntry>;
  /** The class that most of its failures have. */
  readonly failureClass: string | undefined;
}

/** It fails, and did in all runs since one. */
export interface Breakage {
  readonly runs: number;
  readonly since: Past<TestEntry>;
}

/** Failed, or cut off together with its run: of which only the first says something about the test. */
const DECIDED: readonly PastOutcome[] = ["passed", "failed", "flaky"];

export function decided(past: readonly Past<TestEntry>[]): readonly Past<TestEntry>[] {
  return past.filter(({ entry }) => DECIDED.includes(entry.outcome));
}

/**
 * A run in which a test is flaky: it passed when it was tried again; or it failed although it passed in another run of the
 * same commit. A failure that no other run of its commit contradicts may be the commit's fault.
 */
export function flakiness(past: readonly Past<TestEntry>[]): Flakiness | undefined {
  const runs = decided(past);
  const passed = new Set(
    runs.flatMap(({ run, entry }) => (entry.outcome !== "failed" && run.commit !== undefined ? [run.commit] : [])),
  );
  const flaky = runs.filter(
    ({ run, entry }) =>
      entry.outcome === "flaky" || (entry.outcome === "failed" && run.commit !== undefined && passed.has(run.commit)),
  );
  const [since] = flaky;
  const last = flaky.at(-1);
  if (since === undefined || last === undefined) return undefined;
  const [times, all] = [flaky.length, runs.length];
  return { ...wilson(times, all), times, runs: all, since, last, failureClass: mostFrequent(flaky) };
}

export function breakage(past: readonly Past<TestEntry>[]): Breakage | undefined {
  const runs = decided(past);
  const lastGood = runs.findLastIndex(({ entry }) => entry.outcome !== "failed");
  const since = runs[lastGood + 1];
  return since === undefined ? undefined : { runs: runs.length - lastGood - 1, since };
}

function mostFrequent(flaky: readonly Past<TestEntry>[]): string | undefined {
  const counts = new Map<string, number>();
  for (const { entry } of flaky) {
    if (entry.failureClass !== undefined) counts.set(entry.failureClass, (counts.get(entry.failureClass) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
