/** Numbers of JSON as serde_json reads them. */
import type { JsonReader } from "./reader.js";

export type JsonNumber =
  | { readonly kind: "unsigned"; readonly value: bigint }
  | { readonly kind: "signed"; readonly value: bigint }
  | { readonly kind: "float"; readonly value: number };

const MAX_U64 = 2n ** 64n - 1n;
const MIN_I64 = -(2n ** 63n);
const isDigit = (character: string | undefined): boolean => character !== undefined && /^\d$/.test(character);

/** @param negative whether its minus was read already */
export function readNumber(reader: JsonReader, negative: boolean): JsonNumber {
  const { text, isFloat } = scanNumber(reader, negative);
  const value = Number(text);
  if (isFloat || text === "-0") {
    if (!Number.isFinite(value)) throw reader.error("number out of range");
    return { kind: "float", value };
  }
  const whole = BigInt(text);
  if (whole > MAX_U64 || whole < MIN_I64) return { kind: "float", value };
  return { kind: negative ? "signed" : "unsigned", value: whole };
}

/** The same without a look at how large it is. */
export function scanNumber(
  reader: JsonReader,
  negative: boolean,
): { readonly text: string; readonly isFloat: boolean } {
  let text = negative ? "-" : "";
  const first = reader.next();
  if (first === undefined) throw reader.error("EOF while parsing a value");
  if (!isDigit(first)) throw reader.error("invalid number");
  text += first;
  if (first === "0" && isDigit(reader.peek())) throw reader.error("invalid number");
  text += digits(reader);
  let isFloat = false;
  if (reader.peek() === ".") {
    isFloat = true;
    reader.skip();
    if (!isDigit(reader.peek())) {
      throw reader.error(reader.peek() === undefined ? "EOF while parsing a value" : "invalid number");
    }
    text += `.${digits(reader)}`;
  }
  if (reader.peek() === "e" || reader.peek() === "E") {
    isFloat = true;
    reader.skip();
    const sign = reader.peek();
    if (sign === "+" || sign === "-") reader.skip();
    const digit = reader.next();
    if (digit === undefined) throw reader.error("EOF while parsing a value");
    if (!isDigit(digit)) throw reader.error("invalid number");
    text += `e${sign === "-" ? "-" : ""}${digit}${digits(reader)}`;
  }
  return { text, isFloat };
}

function digits(reader: JsonReader): string {
  let text = "";
  for (;;) {
    const character = reader.peek();
    if (character === undefined || !isDigit(character)) return text;
    text += character;
    reader.skip();
  }
}

/** As serde names it where something else was expected. */
export function describeNumber(number: JsonNumber): string {
  if (number.kind !== "float") return `integer \`${number.value}\``;
  return `floating point \`${floatText(number.value)}\``;
}

/** The shortest text that reads as the same number, in the form that Rust's `ryu` gives it. */
function floatText(value: number): string {
  if (Object.is(value, -0)) return "-0.0";
  const [mantissa = "", exponent = "0"] = value.toExponential().split("e");
  const power = Number(exponent);
  // As a plain number up to 16 digits before the point, and 5 zeros behind it.
  if (power >= 16 || power < -5) return `${mantissa}e${power}`;
  const plain = value.toFixed(Math.max(0, (mantissa.split(".")[1] ?? "").length - power));
  return plain.includes(".") ? plain : `${plain}.0`;
}
