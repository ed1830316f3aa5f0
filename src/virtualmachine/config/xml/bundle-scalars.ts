/** Values as Java reads them: Integer.parseInt, Long.parseLong, Double.parseDouble, and Android's own booleans. */
import { attributeOf } from "../../../xml/index.js";
import { BundleFormatError } from "./bundle-format-error.js";
import type { StartEvent } from "./bundle-events.js";

/** @throws BundleFormatError when there is none */
export function valueOf(event: StartEvent, name = "value"): string {
  const value = attributeOf(event, name);
  if (value === undefined) throw new BundleFormatError(`<${event.name}> has no attribute "${name}"`);
  return value;
}

export function integerOf(text: string, bits: 32 | 64): bigint {
  if (!/^[+-]?\d{1,40}$/.test(text)) throw new BundleFormatError(`"${text.slice(0, 40)}" is not an integer`);
  const value = BigInt(text.replace(/^\+/, ""));
  if (BigInt.asIntN(bits, value) !== value) throw new BundleFormatError(`${text} does not fit ${bits} bits`);
  return value;
}

export function booleanOf(text: string): boolean {
  const lower = text.toLowerCase();
  if (lower !== "true" && lower !== "false") throw new BundleFormatError(`"${text.slice(0, 40)}" is not a boolean`);
  return lower === "true";
}

const DECIMAL = /^[+-]?(?:NaN|Infinity|(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)[fFdD]?)$/;
const HEXADECIMAL = /^[+-]?0[xX](?:[0-9a-fA-F]+\.?|[0-9a-fA-F]*\.[0-9a-fA-F]+)[pP][+-]?\d+[fFdD]?$/;

/** As it is written, for it is written back. */
export function doubleOf(text: string): string {
  // String.trim() of Java takes away all that is not above a space.
  const trimmed = text.replace(/^[\u0000-\u0020]+|[\u0000-\u0020]+$/g, "");
  if (DECIMAL.test(trimmed) || HEXADECIMAL.test(trimmed)) return text;
  throw new BundleFormatError(`"${text.slice(0, 40)}" is not a number`);
}
