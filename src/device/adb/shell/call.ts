/** One call to a device: its deadline, its caller's signal and the device's own end, in one. */
import { withEitherSignal } from "../../../base/async/shared-signal.js";
import { withDeadline } from "../../../base/deadline.js";
import type { DeviceCallOptions } from "../../contract.js";

export const DEFAULT_CALL_TIMEOUT_MS = 30_000;

/** Runs `work` with a signal that fires on deadline, abort and device loss; rejects with the reason of whichever came first. */
export function callDevice<T>(
  what: string,
  gone: AbortSignal,
  { timeoutMs = DEFAULT_CALL_TIMEOUT_MS, signal }: DeviceCallOptions,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withEitherSignal([gone, signal], (either) => withDeadline(what, { timeoutMs, signal: either }, work));
}
