/** Requirements of a version as Cargo's crate `semver` reads them, and whether this platform meets them. */
import { rustDebug } from "../../../base/text/rust-debug.js";

/** The version of crosvm's platform (AOSP virtualizationmanager/src/crosvm.rs). */
export const PLATFORM_VERSION = "1.0.0";
const ACTUAL: readonly number[] = [1, 0, 0];

export interface VersionReq {
  /** In its canonical form. */
  readonly text: string;
  readonly isMet: boolean;
}

type Op = "=" | ">" | ">=" | "<" | "<=" | "~" | "^" | "";

interface Comparator {
  readonly op: Op;
  /** One to three. */
  readonly numbers: readonly number[];
  readonly texts: readonly string[];
  readonly pre: string;
}

const MAX_COMPARATORS = 32;
const MAX_U64 = 2n ** 64n - 1n;
const PLACES = ["major version number", "minor version number", "patch version number"] as const;
const PRE = "pre-release identifier";
const BUILD = "build metadata";

/** Throws an Error with the crate's words. */
export function parseVersionReq(text: string): VersionReq {
  let rest = text.replace(/^ +/, "");
  const star = /^[*xX]/.exec(rest)?.[0];
  if (star !== undefined) {
    const behind = rest.slice(1).replace(/^ +/, "");
    if (behind === "") return { text: "*", isMet: true };
    throw new Error(behind.startsWith(",") ? onlyComparator(star) : AFTER_WILDCARD);
  }
  const comparators: Comparator[] = [];
  for (;;) {
    const reader = new ComparatorReader(rest);
    const comparator = readComparator(reader, rest);
    comparators.push(comparator);
    rest = reader.rest.replace(/^ +/, "");
    if (rest === "") break;
    if (!rest.startsWith(",")) throw new Error(`expected comma after ${reader.place}, found ${quoted(rest)}`);
    rest = rest.slice(1).replace(/^ +/, "");
    if (comparators.length === MAX_COMPARATORS) throw new Error("excessive number of version comparators");
  }
  return { text: comparators.map(format).join(", "), isMet: comparators.every(isMet) };
}

const AFTER_WILDCARD = "unexpected character after wildcard in version req";

function onlyComparator(star: string): string {
  return `wildcard req (${star}) must be the only comparator in the version req`;
}

function readComparator(reader: ComparatorReader, whole: string): Comparator {
  try {
    return reader.read();
  } catch (error) {
    const star = /^([*xX]) *(,|$)/.exec(whole)?.[1];
    throw star === undefined ? error : new Error(onlyComparator(star));
  }
}

class ComparatorReader {
  place: string = PLACES[0];

  constructor(public rest: string) {}

  read(): Comparator {
    const given = /^(=|>=|>|<=|<|~|\^)?/.exec(this.rest)?.[0] ?? "";
    this.rest = this.rest.slice(given.length).replace(/^ +/, "");
    const texts = [this.#number()];
    let wildcard = false;
    for (const place of PLACES.slice(1)) {
      if (!this.rest.startsWith(".")) break;
      this.rest = this.rest.slice(1);
      this.place = place;
      if (/^[*xX]/.test(this.rest)) {
        this.rest = this.rest.slice(1);
        wildcard = true;
      } else if (wildcard) throw new Error(AFTER_WILDCARD);
      else texts.push(this.#number());
    }
    const whole = texts.length === PLACES.length;
    const pre = whole && this.rest.startsWith("-") ? this.#identifier(PRE) : "";
    if (whole && this.rest.startsWith("+")) this.#identifier(BUILD);
    const op = given !== "" ? (given as Op) : wildcard ? "" : "^";
    return { op, numbers: texts.map(Number), texts, pre };
  }

  #number(): string {
    const digits = /^\d*/.exec(this.rest)?.[0] ?? "";
    if (digits === "") {
      if (this.rest === "") throw new Error(`unexpected end of input while parsing ${this.place}`);
      throw new Error(`unexpected character ${quoted(this.rest)} while parsing ${this.place}`);
    }
    if (digits.length > 1 && digits.startsWith("0")) throw new Error(`invalid leading zero in ${this.place}`);
    if (BigInt(digits) > MAX_U64) throw new Error(`value of ${this.place} exceeds u64::MAX`);
    this.rest = this.rest.slice(digits.length);
    return digits;
  }

  /** Behind the character that announces it. */
  #identifier(place: string): string {
    this.place = place;
    const text = /^[0-9A-Za-z.-]*/.exec(this.rest.slice(1))?.[0] ?? "";
    for (const segment of text.split(".")) {
      if (segment === "") throw new Error(`empty identifier segment in ${place}`);
      if (place === PRE && /^0\d+$/.test(segment)) throw new Error(`invalid leading zero in ${place}`);
    }
    this.rest = this.rest.slice(1 + text.length);
    return text;
  }
}

function format({ op, texts, pre }: Comparator): string {
  return `${op}${texts.join(".")}${pre === "" ? "" : `-${pre}`}${op === "" ? ".*" : ""}`;
}

/** Whether the actual version, which is no pre-release, does what the comparator wants. */
function isMet({ op, numbers, pre }: Comparator): boolean {
  const difference = numbers
    .map((number, index) => Math.sign((ACTUAL[index] ?? 0) - number))
    .find((sign) => sign !== 0);
  const whole = numbers.length === PLACES.length;
  const equal = difference === undefined && pre === "";
  const greater = difference === 1 || (difference === undefined && whole && pre !== "");
  switch (op) {
    case "=":
    case "":
      return equal;
    case ">":
      return greater;
    case ">=":
      return equal || greater;
    case "<":
      return difference === -1;
    case "<=":
      return equal || difference === -1;
    case "~":
      return samePrefix(numbers, Math.min(numbers.length, 2)) && difference !== -1;
    case "^":
      return samePrefix(numbers, 1) && difference !== -1;
  }
}

/** The actual major number is 1, for which a caret leaves minor and patch open. */
function samePrefix(numbers: readonly number[], count: number): boolean {
  return numbers.slice(0, count).every((number, index) => number === ACTUAL[index]);
}

/** Rust's debug form of the first character. */
function quoted(text: string): string {
  return rustDebug(String.fromCodePoint(text.codePointAt(0) ?? 0), "'");
}
