/** What the system properties of a device say: its build, for reports, and how fast it runs VMs, by whichever way it was leased. */
import { boundedSlowness, EMULATED_CPUS_PROPERTY, SLOWNESS_PROPERTY } from "../base/vm/speed-properties.js";

const NAMES =
  /^ro\.(?:build\.(?:id|fingerprint|type|tags|version\.\w+)|product\.(?:name|model|brand|device|manufacturer|cpu\.\w+)|boot\.hypervisor\.\S+|kernel\.version|board\.api_level)$/;

/** Undefined when the device does not say: a report without it is no reason to fail a test. */
export function identityOf(properties: ReadonlyMap<string, string>): Readonly<Record<string, string>> | undefined {
  return properties.size === 0 ? undefined : Object.fromEntries([...properties].filter(([name]) => NAMES.test(name)));
}

interface DeviceSpeed {
  /** How many times slower than usual it was measured to be; waits get that much longer. At least 1. */
  readonly slowness: number;
  /** Its processors are emulated (TCG), and lose a guest now and then. */
  readonly emulatesCpus: boolean;
}

/** Of a device that says nothing, or nonsense: the usual speed. */
export function speedOf(properties: ReadonlyMap<string, string>): DeviceSpeed {
  return {
    slowness: boundedSlowness(Number(properties.get(SLOWNESS_PROPERTY) ?? 1)),
    emulatesCpus: properties.get(EMULATED_CPUS_PROPERTY) === "1",
  };
}
