/**
 * What `setprop` may set, as Android's init checks it (system/core/init/property_service.cpp and
 * bionic's system_property_set). Each refusal is the text of the tool's error.
 */

const MAX_VALUE_BYTES = 91;

/** Letters, digits and a few signs; no empty part, no dot at either end. */
export function isLegalPropertyName(name: string): boolean {
  return /^[A-Za-z0-9_@:-]+(\.[A-Za-z0-9_@:-]+)*$/.test(name);
}

interface PropertyChange {
  readonly name: string;
  readonly value: string;
  /** Value before, if it was set. */
  readonly previous: string | undefined;
  readonly uid: number;
}

/** Undefined when the change is fine. */
export function refusePropertyChange({ name, value, previous, uid }: PropertyChange): string | undefined {
  if (!isLegalPropertyName(name)) return "illegal property name";
  const valueBytes = Buffer.byteLength(value);
  if (valueBytes > MAX_VALUE_BYTES && !name.startsWith("ro."))
    return `value too long: ${valueBytes} > ${MAX_VALUE_BYTES}`;
  if (value.includes("\0") || value.includes("\n")) return "value has characters that no property can hold";
  if (name.startsWith("ro.") && previous !== undefined) return "read-only property was already set";
  if (uid !== 0 && !isSettableByShell(name)) return "not allowed by the policy for the shell";
  return undefined;
}

/**
 * The names that a userdebug build lets the shell set (system/sepolicy/private/shell.te): debug and logging switches,
 * what `adb root` sets, and what the virtualization tests set.
 */
function isSettableByShell(name: string): boolean {
  if (name === "service.adb.root") return true;
  return /^(debug|log|persist\.log|persist\.debug|sys\.powerctl|test|hypervisor)(\.|$)/.test(name);
}
