/** The one way to wait: look, then look again after each change, until found, out of time, or called off. */
import { MAX_TIMER_MS } from "../../base/deadline.js";
import { isError } from "../../base/errors.js";

/** How long to wait, and what ends it earlier. */
export interface SettleOptions {
  /** `Infinity` only where something else ends the wait: a VM's end, or what `probe` finds at `dueMs`. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

interface SettleTimes extends SettleOptions {
  /** When to check again although nothing changed, in terms of `performance.now()`. Asked after each look. */
  readonly dueMs?: () => number;
}

export interface TimedOut {
  readonly kind: "timed-out";
  readonly afterMs: number;
}

export interface Cancelled {
  readonly kind: "cancelled";
  readonly reason: unknown;
}

export interface Changes {
  subscribe(listener: () => void): () => void;
}

/** Never rejects, unless `probe` throws. What is there already wins over a signal that has fired already. */
export function settle<T>(
  changes: Changes,
  probe: () => T | undefined,
  { timeoutMs, signal, dueMs }: SettleTimes,
): Promise<T | TimedOut | Cancelled> {
  return new Promise((resolve, reject) => {
    let hasEnded = false;
    let alarm: { readonly timer: NodeJS.Timeout; readonly atMs: number } | undefined;
    const end = (outcome: T | TimedOut | Cancelled): void => {
      hasEnded = true;
      clearTimeout(timer);
      clearTimeout(alarm?.timer);
      unsubscribe();
      signal?.removeEventListener("abort", onAbort);
      resolve(outcome);
    };
    const look = (): void => {
      try {
        const found = probe();
        if (found !== undefined) end(found);
        else setAlarm();
      } catch (error) {
        reject(isError(error) ? error : new Error(String(error)));
        end({ kind: "cancelled", reason: error });
      }
    };
    // One that is due too early costs a look; so it is set again only where it would be late.
    const setAlarm = (): void => {
      const due = dueMs?.() ?? Infinity;
      if (hasEnded || due === Infinity || (alarm && alarm.atMs <= due)) return;
      clearTimeout(alarm?.timer);
      const ring = (): void => {
        alarm = undefined;
        look();
      };
      const inMs = Math.min(Math.max(1, Math.ceil(due - performance.now())), MAX_TIMER_MS);
      alarm = { timer: setTimeout(ring, inMs), atMs: due };
    };
    const onAbort = (): void => end({ kind: "cancelled", reason: signal?.reason });
    const onTime = (): void => end({ kind: "timed-out", afterMs: timeoutMs });
    const timer = timeoutMs === Infinity ? undefined : setTimeout(onTime, Math.min(timeoutMs, MAX_TIMER_MS));
    const unsubscribe = changes.subscribe(look);
    signal?.addEventListener("abort", onAbort, { once: true });
    look();
    if (signal?.aborted) onAbort();
  });
}
