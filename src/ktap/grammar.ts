/** One line of KTAP, taken for itself: what it is, and at which place of nesting. */
import type { KtapDirective } from "./model.js";
import { LIMITS } from "./model.js";

/**
 * Columns of indentation, one number for each `# ` that stands before the text and one more: KUnit indents subtests, and
 * kselftest's runner puts `# ` before each line of a test.
 */
export type Place = readonly number[];

export type Token =
  | { readonly kind: "version"; readonly place: Place; readonly dialect: "KTAP" | "TAP"; readonly version: number }
  | { readonly kind: "plan"; readonly place: Place; readonly count: number; readonly skipReason: string | undefined }
  | ({ readonly kind: "result"; readonly place: Place } & Result)
  | { readonly kind: "subtest"; readonly place: Place; readonly name: string }
  | { readonly kind: "bail-out"; readonly place: Place; readonly reason: string }
  /** `inner` is its place where it is a line of a test that the runner put `# ` before. */
  | { readonly kind: "comment"; readonly place: Place; readonly inner: Place; readonly text: string }
  | { readonly kind: "other"; readonly place: Place; readonly text: string };

export interface Result {
  readonly ok: boolean;
  readonly number: number | undefined;
  readonly description: string;
  /** Behind the hash sign. */
  readonly data: string | undefined;
}

const TAB_COLUMNS = 4;
const VERSION = /^(KTAP|TAP) version (\d{1,9})\s*$/;
const PLAN = /^1\.\.(\d{1,9})(?:\s*$|\s+#\s*(.*)$)/s;
const RESULT = /^(not )?ok(?:[ \t]+(\d{1,9}))?(?![^ \t#])[ \t]*(.*)$/s;
const BAIL_OUT = /^bail out!\s*(.*)$/is;
const SUBTEST = /^Subtest:\s*(.*)$/s;
const PLAN_SKIP = /^skip\S*\s*(.*)$/is;

export function readLine(line: string): Token {
  const places: number[] = [];
  let rest = line;
  for (;;) {
    const [columns, length] = indentation(rest);
    places.push(columns);
    rest = rest.slice(length);
    if (!rest.startsWith("#") || places.length > LIMITS.depth) break;
    if (rest.length > 1 && rest[1] !== " " && rest[1] !== "\t") break;
    rest = rest.slice(rest[1] === " " ? 2 : 1);
  }
  const structure = readStructure(rest, places);
  if (structure) return structure;
  if (places.length === 1) return { kind: "other", place: places, text: line.trimEnd() };
  const place = places.slice(0, -1);
  const subtest = SUBTEST.exec(rest);
  if (subtest) return { kind: "subtest", place, name: nameOf(subtest[1]!) };
  // Its own indentation tells a value from its heading.
  const text = `${" ".repeat(Math.min(places.at(-1)!, 40))}${rest}`.trimEnd();
  return { kind: "comment", place, inner: places, text };
}

function readStructure(text: string, place: Place): Token | undefined {
  const first = text[0];
  if (first === "o" || first === "n") {
    const match = RESULT.exec(text);
    if (!match) return undefined;
    const number = match[2] === undefined ? undefined : Number(match[2]);
    return { kind: "result", place, ok: match[1] === undefined, number, ...splitDescription(match[3] ?? "") };
  }
  if (first === "1") {
    const match = PLAN.exec(text);
    if (!match) return undefined;
    const skip = match[2] === undefined ? null : PLAN_SKIP.exec(match[2]);
    const skipReason = skip ? skip[1]!.trim() : undefined;
    return { kind: "plan", place, count: Number(match[1]), skipReason };
  }
  if (first === "K" || first === "T") {
    const match = VERSION.exec(text);
    return match
      ? { kind: "version", place, dialect: match[1] as "KTAP" | "TAP", version: Number(match[2]) }
      : undefined;
  }
  if (first !== "B" && first !== "b") return undefined;
  const bail = BAIL_OUT.exec(text);
  return bail ? { kind: "bail-out", place, reason: bail[1]!.trim() } : undefined;
}

/** Columns and characters of what a line is indented by. */
function indentation(text: string): readonly [columns: number, length: number] {
  let columns = 0;
  let at = 0;
  for (; text[at] === " " || text[at] === "\t"; at++) columns += text[at] === "\t" ? TAB_COLUMNS : 1;
  return [columns, at];
}

/** The first hash sign that stands free, and is not escaped as TAP 14 does it, ends the description. */
function splitDescription(text: string): Pick<Result, "description" | "data"> {
  const hash = text.startsWith("#") ? 0 : text.search(/[ \t]#/) + 1;
  const hasData = text.startsWith("#") || hash > 0;
  const description = (hasData ? text.slice(0, hash) : text).trim().replace(/^-(?:[ \t]+|$)/, "");
  return {
    description: nameOf(description.replace(/\\([#\\])/g, "$1")),
    data: hasData ? text.slice(hash + 1).trim() : undefined,
  };
}

function nameOf(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > LIMITS.nameLength ? `${trimmed.slice(0, LIMITS.nameLength)}…` : trimmed;
}

export interface Verdict {
  readonly directive: KtapDirective | undefined;
  readonly reason: string | undefined;
}

const DIRECTIVE = /^(SKIP(?:PED)?|TODO|XFAIL|TIMEOUT|ERROR)(?![\w-])[ \t:]*(.*)$/is;

/**
 * KTAP writes directives in capitals. TAP does not mind, and nor do we where nothing can be hidden by it: so `not ok 1 x #
 * skip list is broken` has failed, unless its output says that it is TAP.
 */
export function readVerdict({ ok, data }: Result, isTap: boolean): Verdict {
  if (data === undefined || data === "") return { directive: undefined, reason: undefined };
  const match = DIRECTIVE.exec(data);
  if (!match) return { directive: undefined, reason: data };
  const [word, rest] = [match[1]!, match[2]!.trim()];
  const name = word.toUpperCase().replace(/PED$/, "") as KtapDirective;
  const inCapitals = word === word.toUpperCase();
  const counts = inCapitals || (name === "SKIP" && ok) || (name === "ERROR" && !ok) || (isTap && isOfTap(name));
  return counts ? { directive: name, reason: rest === "" ? undefined : rest } : { directive: undefined, reason: data };
}

function isOfTap(name: KtapDirective): boolean {
  return name === "SKIP" || name === "TODO";
}

/** Whether a group at `outer` may hold what is at `inner`. */
export function holds(outer: Place, inner: Place): boolean {
  if (outer.length > inner.length) return false;
  const last = outer.length - 1;
  for (let index = 0; index < last; index++) if (outer[index] !== inner[index]) return false;
  return outer[last]! <= inner[last]!;
}

export function isSame(a: Place, b: Place): boolean {
  return a.length === b.length && a.every((columns, index) => columns === b[index]);
}
