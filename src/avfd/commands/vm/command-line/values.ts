/** The rules for values, as data, with the messages of Rust and clap for wrong ones. */

export type ValueKind =
  | { readonly kind: "i32" | "u32" | "u64" | "nonzero-u16" }
  /** Any text; without a kind it is a path, which cannot be empty. */
  | { readonly kind: "text" }
  /** A parser of the tool's own, for one of a few words. */
  | { readonly kind: "word"; readonly what: string; readonly words: readonly string[]; readonly counts?: boolean };

const I32 = { min: -(2n ** 31n), max: 2n ** 31n - 1n };
const U16 = { min: 0n, max: 0xffffn };
const U32 = { min: 0n, max: 0xffff_ffffn };
const I64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };
const U64 = { min: 0n, max: 2n ** 64n - 1n };

const COUNT_PREFIX = "cpu_count=";

/**
 * Why the value is none; undefined when it is one.
 * @param ranges whether numbers below 64 bits are read as such first and then held against their range, as clap 4 does it
 */
export function valueProblem(type: ValueKind, value: string, ranges: boolean): string | undefined {
  switch (type.kind) {
    case "text":
      return undefined;
    case "i32":
      return ranges ? rangeProblem(value, I32) : integerProblem(value, I32);
    case "u32":
      return ranges ? rangeProblem(value, U32) : integerProblem(value, U32);
    case "u64":
      return integerProblem(value, U64);
    case "nonzero-u16":
      return (
        integerProblem(value, U16) ?? (BigInt(value) === 0n ? "number would be zero for non-zero type" : undefined)
      );
    case "word":
      if (type.words.includes(value)) return undefined;
      if (type.counts === true && value.startsWith(COUNT_PREFIX)) {
        const problem = integerProblem(value.slice(COUNT_PREFIX.length), I32);
        return problem === undefined ? undefined : `Invalid CPU Count: ${problem}`;
      }
      return `Invalid ${type.what} ${value}`;
  }
}

/** `cpu_count=4` → 4; undefined for another word. */
export function countOf(value: string | undefined): number | undefined {
  return value?.startsWith(COUNT_PREFIX) === true ? Number(value.slice(COUNT_PREFIX.length)) : undefined;
}

interface Range {
  readonly min: bigint;
  readonly max: bigint;
}

/** Rust's `str::parse` for integers. */
function integerProblem(value: string, { min, max }: Range): string | undefined {
  if (value === "") return "cannot parse integer from empty string";
  if (!(min < 0n ? /^[+-]?\d+$/ : /^\+?\d+$/).test(value)) return "invalid digit found in string";
  const number = BigInt(value.replace(/^\+/, ""));
  if (number > max) return "number too large to fit in target type";
  return number < min ? "number too small to fit in target type" : undefined;
}

/** clap's parser of ranges. */
function rangeProblem(value: string, range: Range): string | undefined {
  const problem = integerProblem(value, I64);
  if (problem !== undefined) return problem;
  const number = BigInt(value.replace(/^\+/, ""));
  return number < range.min || number > range.max ? `${value} is not in ${range.min}..=${range.max}` : undefined;
}
