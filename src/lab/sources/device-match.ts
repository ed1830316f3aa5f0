/** What a device must have to be chosen among several: `AVF_DEVICE_MATCH`, else the option `device`. */
import { UsageError } from "../../base/errors.js";
import { parseRequirement, parseRequirements, type Requirement } from "../requirements/index.js";

/**
 * @param option by name of the property or requirement, with the value it must have: `{ "ro.product.model": "Pixel 8",
 *   sdk: ">=34", protected: true }`
 * @param line the same as people type it: `sdk>=34, ro.build.type=userdebug`
 */
export function parseDeviceMatch(option: unknown, line = process.env["AVF_DEVICE_MATCH"]): readonly Requirement[] {
  if (line !== undefined && line.trim() !== "") return parseRequirements(line);
  if (option === undefined) return [];
  if (typeof option !== "object" || option === null || Array.isArray(option)) {
    throw new UsageError("BAD_OPTION", "testEnvironmentOptions.device must be an object: { property: value }.");
  }
  return Object.entries(option).map(([name, value]) => parseRequirement(requirementText(name, value)));
}

function requirementText(name: string, value: unknown): string {
  if (value === true) return name;
  if (typeof value === "number") return `${name}=${value}`;
  if (typeof value === "string") return /^(?:[<>!]=?|=)/.test(value) ? name + value : `${name}=${value}`;
  throw new UsageError(
    "BAD_OPTION",
    `testEnvironmentOptions.device: the value of ${name} must be text, a number or true.`,
  );
}
