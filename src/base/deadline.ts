/** Deadlines: every wait in the project has one, and a signal that ends it earlier. */
import { sharedController } from "./async/shared-signal.js";
import { isError, TimeoutError, type FailureKind } from "./errors.js";

export interface WaitOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** The longest a timer can take, 24 days: a longer one, or `Infinity`, would ring at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Settles as `work` does, unless the time or the signal ends first. `work` receives a signal that fires in both cases,
 * so that it can release what it holds.
 * @param what names the wait in the error, e.g. `the device to answer adb`
 * @param kind of the error when the time ends: whose work it is that took too long. Default: the lab's
 */
export async function withDeadline<T>(
  what: string,
  { timeoutMs, signal, kind }: WaitOptions & { readonly kind?: FailureKind },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const controller = sharedController();
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    const end = (): void =>
      reject(new TimeoutError("TIMEOUT", `Timed out after ${formatMs(timeoutMs)} waiting for ${what}.`, {}, kind));
    timer = setTimeout(end, Math.min(timeoutMs, MAX_TIMER_MS));
    onAbort = () => reject(abortReason(signal));
    signal?.addEventListener("abort", onAbort, { once: true });
  });
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    clearTimeout(timer);
    if (onAbort) signal?.removeEventListener("abort", onAbort);
    controller.abort();
  }
}

/** Sleeps; rejects with the signal's reason as soon as it fires. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(abortReason(signal));
    const onAbort = (): void => {
      clearTimeout(timer);
      reject(abortReason(signal));
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", onAbort);
      resolve();
    }, ms);
    signal?.addEventListener("abort", onAbort, { once: true });
  });
}

/** `850 ms`, `3.2 s`, `4 min 10 s`. */
export function formatMs(ms: number): string {
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function abortReason(signal: AbortSignal | undefined): Error {
  const reason: unknown = signal?.reason;
  return isError(reason) ? reason : new Error("aborted", { cause: reason });
}
