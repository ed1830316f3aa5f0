/** Whether durations rose, by a rank test (Mann and Whitney, 1947): one slow run is no evidence, nor is a noisy host. */

export interface Slowdown {
  readonly beforeMs: number;
  readonly nowMs: number;
}

/** The latest runs, which are compared with those before. */
const LATEST = 5;
const LEAST_BEFORE = 5;
const LEAST_RATIO = 1.2;
const LEAST_MS = 50;
/** One in a hundred by chance, on one side of a normal distribution. */
const Z_99 = 2.326;

/** @param durationsMs of runs that passed, the oldest first */
export function slowdown(durationsMs: readonly number[]): Slowdown | undefined {
  const before = durationsMs.slice(0, -LATEST);
  const latest = durationsMs.slice(-LATEST);
  if (latest.length < LATEST || before.length < LEAST_BEFORE) return undefined;
  const [beforeMs, nowMs] = [median(before), median(latest)];
  if (nowMs < beforeMs * LEAST_RATIO || nowMs - beforeMs < LEAST_MS) return undefined;
  return rankScore(before, latest) >= Z_99 ? { beforeMs, nowMs } : undefined;
}

/** How far the second sample's ranks are above what chance would give, in standard deviations; ties are accounted for. */
export function rankScore(first: readonly number[], second: readonly number[]): number {
  const all = [
    ...first.map((value) => ({ value, isSecond: false })),
    ...second.map((value) => ({ value, isSecond: true })),
  ];
  all.sort((a, b) => a.value - b.value);
  const total = all.length;
  let ranks = 0;
  let ties = 0;
  for (let from = 0; from < total;) {
    let to = from;
    while (to < total && all[to]!.value === all[from]!.value) to++;
    const equal = to - from;
    ranks += ((from + 1 + to) / 2) * all.slice(from, to).filter(({ isSecond }) => isSecond).length;
    ties += equal ** 3 - equal;
    from = to;
  }
  const pairs = first.length * second.length;
  const u = ranks - (second.length * (second.length + 1)) / 2;
  const variance = (pairs / 12) * (total + 1 - ties / (total * (total - 1)));
  return variance === 0 ? 0 : (u - pairs / 2) / Math.sqrt(variance);
}

/** Zero when there are none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return sorted.length === 0 ? 0 : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
