/**
 * Which test a call belongs to. A body that continues after its test timed out must not touch the next test's VMs: its
 * calls carry the signal of their own test, which has fired by then.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import type { SubtestCase } from "../../artifacts/events/subtests.js";
import { callSite, failureOf } from "../rejections/failed-call.js";

/** Ends a note: with the failure, if it failed. */
export type EndNote = (outcome?: { readonly error: unknown }) => void;

export interface CallContext {
  signal: AbortSignal;
  /** Notes what the test is busy with, for the case that its time ends. Returns what ends the note. */
  readonly begin: (what: string, category?: "wait" | "noted elsewhere", detail?: () => string) => EndNote;
  /** Writes results of tests inside a VM into the run's record. */
  readonly noteSubtests?: (vm: string, run: number, cases: readonly SubtestCase[]) => void;
}

const storage = new AsyncLocalStorage<CallContext>();
/** Set within a wait or a call that is noted: what it calls in turn says less than it does. */
const named = new AsyncLocalStorage<true>();

/** Runs `work` so that all calls it makes, now or later, are ended by the signal in `context`. */
export function runInContext<T>(context: CallContext, work: () => T): T {
  return storage.run(context, work);
}

/** The signal that ends calls made here; undefined in hooks and outside of tests. */
export function callSignal(): AbortSignal | undefined {
  return storage.getStore()?.signal;
}

/**
 * Notes what the test that called is busy with, while `work` lasts.
 * @param detail more to say if the test's time ends meanwhile
 */
export async function whileBusy<T>(what: string, work: () => Promise<T>, detail?: () => string): Promise<T> {
  const end = storage.getStore()?.begin(what, "wait", detail);
  try {
    const value = await named.run(true, work);
    end?.();
    return value;
  } catch (error) {
    end?.({ error });
    throw error;
  }
}

/** Results of tests inside a VM, for the reports; those of hooks belong to no test and are not in them. */
export function noteSubtests(vm: string, run: number, cases: readonly SubtestCase[]): void {
  storage.getStore()?.noteSubtests?.(vm, run, cases);
}

/** The same for a call of the library, unless it is part of something that is noted already. */
export async function whileCalling<T>(what: string, work: () => Promise<T>): Promise<T> {
  if (named.getStore() === true) return work();
  const context = storage.getStore();
  const call = { what: what.replace(/^waiting in /, ""), site: callSite() };
  const end = context?.begin(what, "noted elsewhere");
  try {
    return await named.run(true, work);
  } catch (error) {
    throw failureOf(call, error, context?.signal);
  } finally {
    end?.();
  }
}

/** Rejects with the signal's reason as soon as it fires, whatever `work` does. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
