/** `vm check-feature-enabled FEATURE`. */
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import type { ParsedArguments } from "./command-line/arguments.js";

/**
 * Of Android's feature names, those that this device's build has: instance ids, and payloads that run as a user of their own.
 * There is no DICE chain, no network, no vendor modules and no attestation.
 */
const ENABLED_FEATURES: ReadonlySet<string> = new Set([
  "com.android.kvm.LLPVM_CHANGES",
  "com.android.kvm.MULTI_TENANT",
]);

export async function checkFeatureEnabled(_device: Device, caller: Caller, args: ParsedArguments): Promise<number> {
  const [feature = ""] = args.positionals;
  caller.print(`Feature ${feature} is ${ENABLED_FEATURES.has(feature) ? "enabled" : "disabled"}`);
  return 0;
}
