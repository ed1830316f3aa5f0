/** One call to a device: its deadline, its caller's signal and the device's own end, in one. */
import { withDeadline } from "../../../base/deadline.js";
import type { DeviceCallOptions } from "../../contract.js";

export const DEFAULT_CALL_TIMEOUT_MS = 30_000;

/** Runs `work` with a signal that fires on deadline, abort and device loss; rejects with the reason of whichever came first. */
export async function callDevice<T>(
  what: string,
  gone: AbortSignal,
  options: DeviceCallOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const both = new AbortController();
  const sources = options.signal ? [gone, options.signal] : [gone];
  const listeners = sources.map((source) => {
    const forward = (): void => both.abort(source.reason);
    if (source.aborted) forward();
    else source.addEventListener("abort", forward, { once: true });
    return () => source.removeEventListener("abort", forward);
  });
  try {
    return await withDeadline(
      what,
      { timeoutMs: options.timeoutMs ?? DEFAULT_CALL_TIMEOUT_MS, signal: both.signal },
      work,
    );
  } finally {
    for (const remove of listeners) remove();
  }
}
