/** Signals that everything under way listens to: however many that are, it is no sign of a leak. */
import { setMaxListeners } from "node:events";

/** A controller whose signal may have any number of listeners: Node warns of an eleventh otherwise. */
export function sharedController(): AbortController {
  const controller = new AbortController();
  setMaxListeners(0, controller.signal);
  return controller;
}

/** Fires as soon as one of these does, with its reason; undefined where none is given. Any number may listen to it. */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal | undefined {
  const given = signals.filter((signal) => signal !== undefined);
  return given.length < 2 ? given[0] : eitherSignal(...given);
}

/** As `anySignal`, of signals that are there. */
export function eitherSignal(...signals: readonly AbortSignal[]): AbortSignal {
  const either = AbortSignal.any([...signals]);
  setMaxListeners(0, either);
  return either;
}

/**
 * Runs `work` with a signal that fires as soon as one of these does, with its reason. Afterwards they hold nothing of it, where
 * Node keeps some bytes for each `AbortSignal.any()` as long as its sources live: for calls by the thousand.
 */
export async function withEitherSignal<T>(
  signals: readonly (AbortSignal | undefined)[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const either = sharedController();
  const listeners = signals.map((source) => {
    const forward = (): void => either.abort(source?.reason);
    if (source?.aborted === true) forward();
    else source?.addEventListener("abort", forward, { once: true });
    return () => source?.removeEventListener("abort", forward);
  });
  try {
    return await work(either.signal);
  } finally {
    for (const remove of listeners) remove();
  }
}
