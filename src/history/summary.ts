/** What a history shows about all tests: which are flaky, which fail, which take long, which got slower. */
import type { TestEntry } from "./entries.js";
import { breakage, decided, flakiness, type Breakage, type Flakiness } from "./flaky.js";
import type { History, Past } from "./read-history.js";
import { median, slowdown, type Slowdown } from "./slower.js";

export interface TestName {
  readonly file: string;
  readonly project?: string;
  readonly test: string;
  readonly occurrence?: number;
}

type About<T> = T & { readonly name: TestName };

export interface HistorySummary {
  readonly runs: number;
  /** When the first and the last of them began, in milliseconds since 1970. */
  readonly sinceMs: number | undefined;
  readonly untilMs: number | undefined;
  readonly tests: number;
  /** The highest rate that is certain comes first. */
  readonly flaky: readonly About<Flakiness>[];
  /** They failed in their last run, and are not known to be flaky. */
  readonly failing: readonly About<Breakage>[];
  readonly slowest: readonly About<{ readonly medianMs: number; readonly bootMs: number | undefined }>[];
  readonly slower: readonly About<Slowdown>[];
}

const SLOWEST = 10;

/** @param lastRuns how many runs of each test are looked at, the newest */
export function summarize(history: History, lastRuns: number): HistorySummary {
  const tests = [...history.tests.values()].flatMap((past) => {
    const looked = past.slice(-lastRuns);
    const last = looked.at(-1);
    return last === undefined ? [] : [{ name: nameOf(last.entry), past: looked }];
  });
  const flaky = tests.flatMap(({ name, past }) => {
    const found = flakiness(past);
    return found === undefined ? [] : [{ name, ...found }];
  });
  const known = new Set(flaky.map(({ name }) => name));
  const failing = tests.flatMap(({ name, past }) => {
    const found = known.has(name) ? undefined : breakage(past);
    return found === undefined ? [] : [{ name, ...found }];
  });
  const slower = tests.flatMap(({ name, past }) => {
    const found = slowdown(durationsMs(past));
    return found === undefined ? [] : [{ name, ...found }];
  });
  const measured = tests.map(({ name, past }) => ({ name, medianMs: median(durationsMs(past)), bootMs: bootMs(past) }));
  return {
    runs: history.runs.length,
    sinceMs: history.runs[0]?.atMs,
    untilMs: history.runs.at(-1)?.atMs,
    tests: tests.length,
    flaky: flaky.sort((a, b) => b.low - a.low || b.rate - a.rate),
    failing: failing.sort((a, b) => b.runs - a.runs),
    slowest: measured
      .filter(({ medianMs }) => medianMs > 0)
      .sort((a, b) => b.medianMs - a.medianMs)
      .slice(0, SLOWEST),
    slower: slower.sort((a, b) => b.nowMs / b.beforeMs - a.nowMs / a.beforeMs),
  };
}

/** Of runs that passed at once: one that failed may have ended early, or waited for what never came. */
function durationsMs(past: readonly Past<TestEntry>[]): readonly number[] {
  return decided(past).flatMap(({ entry }) => (entry.outcome === "passed" ? [entry.durationMs] : []));
}

function bootMs(past: readonly Past<TestEntry>[]): number | undefined {
  const boots = past.flatMap(({ entry }) => entry.bootsMs ?? []);
  return boots.length === 0 ? undefined : median(boots);
}

function nameOf({ file, project, test, occurrence }: TestEntry): TestName {
  return {
    ...{ file, test },
    ...(project === undefined ? {} : { project }),
    ...(occurrence === undefined ? {} : { occurrence }),
  };
}
