/** `vm check-feature-enabled FEATURE`. */
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import type { ParsedArguments } from "./arguments.js";

/**
 * Of Android's feature names (`com.android.kvm.…`), those that this device's build has. None: payloads run as root in
 * the guest, there are no instance ids, no DICE chain, no network, vendor modules or attestation.
 */
const ENABLED_FEATURES: ReadonlySet<string> = new Set();

export async function checkFeatureEnabled(_device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const [feature = ""] = args.positionals;
  caller.print(`Feature ${feature} is ${ENABLED_FEATURES.has(feature) ? "enabled" : "disabled"}`);
  return 0;
}
