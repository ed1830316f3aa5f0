/** The VM cannot start as it is configured; the monitor is not at fault. Becomes START_FAILED, as crosvm's exit does. */
export class VmStartRefusal extends Error {}
