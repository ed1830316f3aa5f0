/** Options of `npm run oracle`; unknown ones are refused, because a comparison of nothing is no success. */
import { parseArgs } from "node:util";
import { CASE_KINDS } from "../src/virtualmachine/testing/oracle/cases.js";
import type { AndroidRelease } from "../src/base/android-release.js";
import { ORACLE_RELEASES } from "./artifacts.js";

export const USAGE = `usage: npm run oracle -- [--cases N] [--seed S] [--release ${ORACLE_RELEASES.join("|")}]... [--kind KIND]... [--show N]
  --cases N    of each kind and release; default 500
  --seed S     the same cases again; default: another one each time, which is printed
  --kind KIND  ${CASE_KINDS.join(", ")}; default: all
  --if-can     skip, with the reason, what this machine lacks a program or the classes for
  --freeze     remake the golden files of the unit tests
  --members    write the listing of what the classes have, from which docs/parity.md is made
  --show N     how many differences are shown; default 10
`;

/** Its message is for the user of the command. */
export class OptionError extends Error {
  override readonly name = "OptionError";
}

export interface OracleOptions {
  readonly task: "compare" | "freeze" | "members" | "help";
  readonly ifCan: boolean;
  readonly cases: number;
  readonly seed: number;
  readonly show: number;
  readonly releases: readonly AndroidRelease[];
  readonly kinds: readonly (typeof CASE_KINDS)[number][];
}

/** @throws OptionError */
export function readOptions(argv: readonly string[]): OracleOptions {
  const values = parsed(argv);
  const tasks = (["help", "members", "freeze"] as const).filter((task) => values[task]);
  return {
    task: tasks[0] ?? "compare",
    ifCan: values["if-can"] ?? false,
    cases: wholeNumber("cases", values.cases, 500, 1),
    seed: wholeNumber("seed", values.seed, Date.now() % 1_000_000, 0),
    show: wholeNumber("show", values.show, 10, 0),
    releases: chosen("release", values.release, ORACLE_RELEASES),
    kinds: chosen("kind", values.kind, CASE_KINDS),
  };
}

function parsed(argv: readonly string[]) {
  const text = { type: "string" } as const;
  const texts = { type: "string", multiple: true } as const;
  const flag = { type: "boolean" } as const;
  try {
    return parseArgs({
      args: [...argv],
      options: {
        ...{ cases: text, seed: text, show: text, release: texts, kind: texts },
        ...{ freeze: flag, members: flag, "if-can": flag, help: flag },
      },
    }).values;
  } catch (error) {
    throw new OptionError((error as Error).message, { cause: error });
  }
}

function wholeNumber(name: string, given: string | undefined, otherwise: number, least: number): number {
  if (given === undefined) return otherwise;
  const value = Number(given);
  if (/^\d+$/.test(given) && value >= least && Number.isSafeInteger(value)) return value;
  throw new OptionError(`--${name} is "${given}"; it takes a whole number from ${least} on`);
}

/** In the order of the complete list. */
function chosen<T extends string | number>(name: string, given: readonly string[] | undefined, all: readonly T[]) {
  const unknown = given?.find((one) => !all.some((known) => String(known) === one));
  if (unknown !== undefined) throw new OptionError(`--${name} is "${unknown}"; it takes ${all.join(", ")}`);
  return all.filter((known) => given?.includes(String(known)) ?? true);
}
