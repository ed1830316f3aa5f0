/** The one way to wait: look, then look again after each change, until found, out of time, or called off. */

export interface SettleOptions {
  /** `Infinity` only for streams, which the VM's end or the signal ends. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
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
  { timeoutMs, signal }: SettleOptions,
): Promise<T | TimedOut | Cancelled> {
  return new Promise((resolve, reject) => {
    const end = (outcome: T | TimedOut | Cancelled): void => {
      clearTimeout(timer);
      unsubscribe();
      signal?.removeEventListener("abort", onAbort);
      resolve(outcome);
    };
    const look = (): void => {
      try {
        const found = probe();
        if (found !== undefined) end(found);
      } catch (error) {
        reject(error instanceof Error ? error : new Error(String(error)));
        end({ kind: "cancelled", reason: error });
      }
    };
    const onAbort = (): void => end({ kind: "cancelled", reason: signal?.reason });
    const onTime = (): void => end({ kind: "timed-out", afterMs: timeoutMs });
    const timer = timeoutMs === Infinity ? undefined : setTimeout(onTime, timeoutMs);
    const unsubscribe = changes.subscribe(look);
    signal?.addEventListener("abort", onAbort, { once: true });
    look();
    if (signal?.aborted) onAbort();
  });
}
