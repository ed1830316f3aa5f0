/** Values of a text manifest in their types. Mirrors ResourceUtils of aapt2 (TryParseItemForAttribute, StringBuilder). */
import { ApkError, type ApkRefusal } from "../apk-error.js";
import type { AttributeKind, AttributeSymbols } from "./attribute-ids.js";
import { ValueType, type BinaryXmlAttribute } from "./binary-xml.js";

type Value = Pick<BinaryXmlAttribute, "type" | "data" | "text">;

export const FIELD = "AndroidManifest.xml";

/** @param where the attribute, for error texts */
export function compileValue(kind: AttributeKind, value: string, where: string): Value {
  if (/^[@?]/.test(value)) throw bad(`refers to a resource, ${value}, in ${where}; no resources are compiled`);
  switch (kind) {
    case "string":
      return stringValue(value, where);
    case "reference":
      throw bad(`needs a resource in ${where}; no resources are compiled`);
    case "boolean":
      return booleanValue(value) ?? refuse(`has ${where} that is neither true nor false`);
    case "integer":
      return integerValue(value) ?? refuse(`has ${where} that is no number of 32 bits`);
    case "sdk":
      return integerValue(value) ?? stringValue(value, where);
    case "any":
      return (
        colourValue(value) ??
        booleanValue(value) ??
        integerValue(value) ??
        floatValue(value) ??
        stringValue(value, where)
      );
    default:
      return integerValue(value) ?? symbolValue(kind, value, where);
  }
}

export function bad(reason: string, code: ApkRefusal = "BAD_MANIFEST"): ApkError {
  return new ApkError(code, `${FIELD} ${reason}`, { field: FIELD });
}

function refuse(reason: string): never {
  throw bad(reason);
}

/** `\n`, `\u00e9`, and a backslash before what has a meaning otherwise, as in `\@home`. */
const ESCAPE = /\\(?:u([0-9a-fA-F]{4})|(u)|([^])|$)/g;
const ESCAPED: Readonly<Record<string, string>> = { t: "\t", n: "\n" };

function stringValue(value: string, where: string): Value {
  const text = value.replace(ESCAPE, (_, code?: string, bare?: string, character?: string) => {
    if (bare !== undefined) throw bad(`has a \\u without four hexadecimal digits in ${where}`);
    if (code !== undefined) return String.fromCharCode(Number.parseInt(code, 16));
    return character === undefined ? "" : (ESCAPED[character] ?? character);
  });
  return { type: ValueType.STRING, data: 0, text };
}

/** White space around all that is no string is no part of it. */
function trimmed(value: string): string {
  return value.replace(/^[\t-\r ]+|[\t-\r ]+$/g, "");
}

function typed(type: number, data: number): Value {
  return { type, data: data >>> 0, text: undefined };
}

function booleanValue(value: string): Value | undefined {
  const word = /^(?:(true|True|TRUE)|false|False|FALSE)$/.exec(trimmed(value));
  return word ? typed(ValueType.BOOLEAN, word[1] === undefined ? 0 : -1) : undefined;
}

function integerValue(value: string): Value | undefined {
  const text = trimmed(value);
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return typed(ValueType.INT_HEX, Number(text));
  const number = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  return number >= -(2 ** 31) && number < 2 ** 31 ? typed(ValueType.INT_DECIMAL, number) : undefined;
}

function floatValue(value: string): Value | undefined {
  const text = trimmed(value);
  if (!/^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(text)) return undefined;
  const bits = Buffer.alloc(4);
  bits.writeFloatLE(Number(text));
  return typed(ValueType.FLOAT, bits.readUInt32LE());
}

/** By the number of digits; without two for the opacity it is opaque. */
const COLOURS: Readonly<Record<number, number>> = { 3: 0x1f, 4: 0x1e, 6: 0x1d, 8: 0x1c };

function colourValue(value: string): Value | undefined {
  const digits = /^#([0-9a-f]+)$/i.exec(trimmed(value))?.[1] ?? "";
  const type = COLOURS[digits.length];
  if (type === undefined) return undefined;
  const doubled = digits.length < 6 ? digits.replace(/./g, "$&$&") : digits;
  return typed(type, Number.parseInt(doubled.padStart(8, "f"), 16));
}

/** One name of an enumeration, or flags joined with `|`; without a name the flags are 0. */
function symbolValue({ names, areFlags }: AttributeSymbols, value: string, where: string): Value {
  const text = trimmed(value);
  if (areFlags && text === "") return typed(ValueType.INT_HEX, 0);
  const parts = areFlags ? text.split("|").map(trimmed) : [text];
  const data = parts.reduce((bits, name) => {
    if (Object.hasOwn(names, name)) return bits | names[name]!;
    throw bad(`has ${where} with ${JSON.stringify(name)}; known: ${Object.keys(names).join(", ")}`);
  }, 0);
  return typed(areFlags ? ValueType.INT_HEX : ValueType.INT_DECIMAL, data);
}
