/** A signal that everything under way listens to: however many that are, it is no sign of a leak. */
import { setMaxListeners } from "node:events";

export function sharedController(): AbortController {
  const controller = new AbortController();
  // Node warns of an eleventh listener otherwise, and eight VMs at once have more.
  setMaxListeners(0, controller.signal);
  return controller;
}
