/**
 * The clock of a run. CLOCK_MONOTONIC is one for all processes of a host and never set, so events of Jest's process and
 * of its workers can be put in order by it; each process notes once what the wall clock showed.
 */

/** Milliseconds, with fractions, since the host started. */
export function clockMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The same of a moment that was taken with this process's `performance.now()`, which runs on that clock as well. */
export function clockMsOf(performanceMs: number): number {
  return performanceMs + PERFORMANCE_STARTED_MS;
}

/** The largest: a pause between the two readings makes the difference smaller. */
const PERFORMANCE_STARTED_MS = Math.max(...[1, 2, 3, 4, 5].map(() => clockMs() - performance.now()));
