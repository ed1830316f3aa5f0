/** Values of Rust's types out of JSON, as serde derives it for them. */
import { debugString } from "../../rust-text.js";
import { ignoreValue } from "./ignore.js";
import { describeNumber, readNumber, type JsonNumber } from "./number.js";
import type { JsonReader } from "./reader.js";
import { positioned, SerdeError } from "./serde-error.js";

export type Deserialize<T> = (reader: JsonReader) => T;

interface Field<T> {
  readonly read: Deserialize<T>;
  /** What it is when it is missing; undefined: it must not be. */
  readonly missing?: () => T;
  /** Whether it may not be missing all the same where the struct is written as a list of its fields. */
  readonly requiredInList?: boolean;
}

/** A whole text. Throws `SerdeError`. */
export function fromJson<T>(reader: JsonReader, read: Deserialize<T>): T {
  const value = read(reader);
  if (reader.peekToken() !== undefined) throw reader.error("trailing characters");
  return value;
}

export const bool: Deserialize<boolean> = (reader) =>
  within(reader, () => {
    const character = token(reader);
    if (character !== "t" && character !== "f") throw invalidType(reader, "a boolean");
    reader.skip();
    reader.word(character === "t" ? "rue" : "alse");
    return character === "t";
  });

/** @param expected how the type calls itself, @param convert throws an Error for a text that it is none of */
export function text<T>(expected: string, convert: (text: string) => T): Deserialize<T> {
  return (reader) =>
    within(reader, () => {
      if (token(reader) !== '"') throw invalidType(reader, expected);
      reader.skip();
      const read = reader.string();
      try {
        return convert(read);
      } catch (error) {
        throw new SerdeError((error as Error).message, undefined);
      }
    });
}

export const string = text("a string", (value) => value);
export const path = text("path string", (value) => value);

const MAX_U32 = 2n ** 32n - 1n;

export const nonZeroU32: Deserialize<number> = (reader) =>
  within(reader, () => {
    const expected = "a nonzero u32";
    const character = token(reader);
    if (!/^[\d-]$/.test(character)) throw invalidType(reader, expected);
    if (character === "-") reader.skip();
    const number = readNumber(reader, character === "-");
    if (number.kind === "float") throw invalidNumber("type", number, expected);
    if (number.value < 1n || number.value > MAX_U32) throw invalidNumber("value", number, expected);
    return Number(number.value);
  });

/** With `#[serde(default)]`. */
export function defaulted<T>({ read }: Field<T>, missing: () => T): Field<T> {
  return { read, missing };
}

/** Null is as good as nothing. */
export function option<T>(read: Deserialize<T>): Field<T | undefined> {
  return {
    missing: () => undefined,
    requiredInList: true,
    read: (reader) => {
      if (reader.peekToken() !== "n") return read(reader);
      reader.skip();
      reader.word("ull");
      return undefined;
    },
  };
}

export function list<T>(read: Deserialize<T>): Deserialize<readonly T[]> {
  return (reader) =>
    within(reader, () => {
      if (token(reader) !== "[") throw invalidType(reader, "a sequence");
      reader.skip();
      const items: T[] = [];
      closed(reader, endList, () => {
        while (hasNextItem(reader, items.length === 0)) items.push(read(reader));
      });
      return items;
    });
}

/** In the order of the declaration. */
export type Fields<T> = { readonly [K in keyof T]: Field<T[K]> };
type AnyFields = Readonly<Record<string, Field<unknown>>>;
type Values = Record<string, unknown>;

/** @param name of the type */
export function struct<T extends object>(name: string, declared: Fields<T>): Deserialize<T> {
  const fields = declared as AnyFields;
  return (reader) =>
    within(reader, () => {
      const character = token(reader);
      if (character !== "{" && character !== "[") throw invalidType(reader, `struct ${name}`);
      reader.skip();
      const values: Values = {};
      if (character === "{") closed(reader, endObject, () => readFields(reader, fields, values));
      else closed(reader, endList, () => readInOrder(reader, name, fields, values));
      return values as T;
    });
}

function readFields(reader: JsonReader, fields: AnyFields, values: Values): void {
  for (let first = true; hasNextKey(reader, first); first = false) {
    reader.skip();
    const key = reader.string();
    if (Object.hasOwn(values, key)) throw new SerdeError(`duplicate field \`${key}\``, undefined);
    const colon = reader.peekToken();
    if (colon === undefined) throw reader.error("EOF while parsing an object");
    if (colon !== ":") throw reader.error("expected `:`");
    reader.skip();
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field) values[key] = field.read(reader);
    else ignoreValue(reader);
  }
  for (const [key, { missing }] of Object.entries(fields)) {
    if (Object.hasOwn(values, key)) continue;
    if (!missing) throw new SerdeError(`missing field \`${key}\``, undefined);
    values[key] = missing();
  }
}

/** A struct as a list of its fields. */
function readInOrder(reader: JsonReader, name: string, fields: AnyFields, values: Values): void {
  const entries = Object.entries(fields);
  for (const [index, [key, { read, missing, requiredInList }]] of entries.entries()) {
    if (hasNextItem(reader, index === 0)) values[key] = read(reader);
    else if (missing && requiredInList !== true) values[key] = missing();
    else {
      const expected = `struct ${name} with ${entries.length} element${entries.length === 1 ? "" : "s"}`;
      throw new SerdeError(`invalid length ${index}, expected ${expected}`, undefined);
    }
  }
}

/** The end is read whatever became of what stands before it, and counts for the position of an error that has none. */
function closed(reader: JsonReader, end: (reader: JsonReader) => void, read: () => void): void {
  let failure: { readonly error: unknown } | undefined;
  try {
    read();
  } catch (error) {
    failure = { error };
  }
  try {
    end(reader);
  } catch (error) {
    failure ??= { error };
  }
  if (failure) throw failure.error;
}

function endList(reader: JsonReader): void {
  const character = reader.peekToken();
  if (character === undefined) throw reader.error("EOF while parsing a list");
  if (character === "]") return reader.skip();
  if (character !== ",") throw reader.error("trailing characters");
  reader.skip();
  throw reader.error(reader.peekToken() === "]" ? "trailing comma" : "trailing characters");
}

function endObject(reader: JsonReader): void {
  const character = reader.peekToken();
  if (character === undefined) throw reader.error("EOF while parsing an object");
  if (character === "}") return reader.skip();
  throw reader.error(character === "," ? "trailing comma" : "trailing characters");
}

function hasNextItem(reader: JsonReader, first: boolean): boolean {
  const character = reader.peekToken();
  if (character === undefined) throw reader.error("EOF while parsing a list");
  if (character === "]") return false;
  if (first) return true;
  if (character !== ",") throw reader.error("expected `,` or `]`");
  reader.skip();
  const next = reader.peekToken();
  if (next === undefined) throw reader.error("EOF while parsing a value");
  if (next === "]") throw reader.error("trailing comma");
  return true;
}

function hasNextKey(reader: JsonReader, first: boolean): boolean {
  let character = reader.peekToken();
  if (character === undefined) throw reader.error("EOF while parsing an object");
  if (character === "}") return false;
  if (!first) {
    if (character !== ",") throw reader.error("expected `,` or `}`");
    reader.skip();
    character = reader.peekToken();
    if (character === undefined) throw reader.error("EOF while parsing a value");
    if (character === "}") throw reader.error("trailing comma");
  }
  if (character !== '"') throw reader.error("key must be a string");
  return true;
}

function token(reader: JsonReader): string {
  const character = reader.peekToken();
  if (character === undefined) throw reader.error("EOF while parsing a value");
  return character;
}

/** What stands there instead, of which simple values are read whole. */
function invalidType(reader: JsonReader, expected: string): SerdeError {
  const found = describeValue(reader);
  return new SerdeError(`invalid type: ${found}, expected ${expected}`, reader.position());
}

function describeValue(reader: JsonReader): string {
  const character = reader.peek() ?? "\0";
  if (character === "[") return "sequence";
  if (character === "{") return "map";
  if (/^\d$/.test(character)) return describeNumber(readNumber(reader, false));
  const word = { n: "ull", t: "rue", f: "alse" }[character];
  if (word === undefined && character !== "-" && character !== '"') throw reader.error("expected value");
  reader.skip();
  if (character === "-") return describeNumber(readNumber(reader, true));
  if (word === undefined) return `string ${debugString(reader.string())}`;
  reader.word(word);
  return character === "n" ? "null" : `boolean \`${character}${word}\``;
}

function invalidNumber(what: "type" | "value", number: JsonNumber, expected: string): SerdeError {
  return new SerdeError(`invalid ${what}: ${describeNumber(number)}, expected ${expected}`, undefined);
}

function within<T>(reader: JsonReader, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw positioned(error, () => reader.position());
  }
}
