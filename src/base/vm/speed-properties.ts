/** How slow a device is, and the system properties by which it says so. The emulated one has them from its host; others may be given them. */

/** How many times slower than usual, such as `2.5`: waits get that much longer. */
export const SLOWNESS_PROPERTY = "debug.avf.slowness";
/** `1`: its processors are emulated (TCG), and lose a guest now and then. */
export const EMULATED_CPUS_PROPERTY = "debug.avf.emulated_cpus";
/** A host that was very busy for a moment must not make every later wait endless. */
const MAX_SLOWNESS = 6;

/** From 1, also for a faster one and for nonsense, to 6. */
export function boundedSlowness(times: number): number {
  return Number.isFinite(times) ? Math.min(Math.max(times, 1), MAX_SLOWNESS) : 1;
}
