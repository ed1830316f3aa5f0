/** Where two answers to one case differ. Intended differences, which docs/parity.md names, are listed apart. */
import { isDeepStrictEqual } from "node:util";
import { DIFFERENCES } from "../../parity/differences.js";
import type { AndroidRelease } from "../../../base/android-release.js";
import type { Difference } from "../../parity/difference.js";
import type { Answer, OracleCase } from "./cases.js";
import type { Parting } from "./parting.js";

export type Verdict =
  | { readonly kind: "alike" }
  | { readonly kind: "meant"; readonly difference: Difference; readonly parting: Parting }
  | { readonly kind: "differs"; readonly parting: Parting };

export function compareAnswers(given: OracleCase, release: AndroidRelease, theirs: Answer, ours: Answer): Verdict {
  const found = firstDifference(theirs, ours, []);
  if (!found) return { kind: "alike" };
  const parting = { ...found, given, release, answers: { theirs, ours } };
  const difference = DIFFERENCES.find((one) => one.explains(parting));
  return difference ? { kind: "meant", difference, parting } : { kind: "differs", parting };
}

type Place = Pick<Parting, "path" | "theirs" | "ours">;

function firstDifference(theirs: unknown, ours: unknown, path: readonly string[]): Place | undefined {
  if (isDeepStrictEqual(theirs, ours)) return undefined;
  const here = { path: path.join("."), theirs, ours };
  if (!isRecord(theirs) || !isRecord(ours)) return here;
  // A method that the release lacks cannot be compared, and what depends on it neither.
  if (theirs["absent"] === true || theirs["ok"] === "absent") return undefined;
  // Java's own words, and its own causes, are nobody's to repeat.
  const silent = theirs["message"] === null && theirs["error"] === ours["error"];
  const keys = Object.keys(theirs).filter((key) => !(silent && (key === "message" || key === "cause")));
  for (const key of keys) {
    const difference = firstDifference(theirs[key], ours[key], [...path, key]);
    if (difference) return difference;
  }
  const added = ["error", "ok"].find((key) => key in ours && !(key in theirs));
  if (added !== undefined) return here;
  // More getters than the release has are ours to have; more files are not.
  const extra = path.at(-1) === "files" ? Object.keys(ours).find((key) => !(key in theirs)) : undefined;
  return extra === undefined ? undefined : { path: [...path, extra].join("."), theirs: undefined, ours: ours[extra] };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
