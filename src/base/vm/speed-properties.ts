/** System properties by which a device says how fast it runs VMs. The emulated one has them from its host; others may be given them. */

/** How many times slower than usual, such as `2.5`: waits get that much longer. */
export const SLOWNESS_PROPERTY = "debug.avf.slowness";
/** `1`: its processors are emulated (TCG), and lose a guest now and then. */
export const EMULATED_CPUS_PROPERTY = "debug.avf.emulated_cpus";
/** A host that was very busy for a moment must not make every later wait endless. */
export const MAX_SLOWNESS = 6;
