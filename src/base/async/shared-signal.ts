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
