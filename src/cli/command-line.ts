/** Command lines, taken apart by what commands.ts says of a command; mistakes are reported with a suggestion. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { describeError, UsageError } from "../base/errors.js";
import { COMMANDS, type CommandName } from "./commands.js";
import { specOf, usageOf } from "./help.js";

type Options<Name extends CommandName> = (typeof COMMANDS)[Name]["options"];

type ParsedBy<O extends NonNullable<ParseArgsConfig["options"]>> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>
>;

export type ParsedCommandLine<Name extends CommandName> = ParsedBy<Options<Name>>;

/**
 * @param count how many arguments without a name there may be
 * @throws UsageError with the usage as its hint
 */
export function parseCommandLine<Name extends CommandName>(
  name: Name,
  args: readonly string[],
  count: { readonly least: number; readonly most: number },
): ParsedCommandLine<Name> {
  const { options } = COMMANDS[name];
  let parsed: ParsedCommandLine<Name>;
  try {
    parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true }) as ParsedCommandLine<Name>;
  } catch (cause) {
    throw new UsageError("BAD_OPTION", explain(name, cause), { hint: usageOf(name) });
  }
  const empty = emptyArgument(name, parsed);
  if (empty !== undefined) {
    throw new UsageError("BAD_ARGUMENTS", `avf ${name}: ${empty} is empty.`, {
      hint: "if it comes from a variable of the shell, that variable is not set",
    });
  }
  const given = parsed.positionals.length;
  if (given >= count.least && given <= count.most) return parsed;
  const surplus = parsed.positionals[count.most];
  const problem = surplus === undefined ? "needs more arguments" : `takes no "${surplus}"`;
  throw new UsageError("BAD_ARGUMENTS", `avf ${name} ${problem}.`, { hint: usageOf(name) });
}

/** Kernel parameters and a line for a shell may be. */
const MAY_BE_EMPTY: readonly (string | undefined)[] = ["TEXT", "CMD"];

/** What must not be empty, and is, as `--kernel "$KERNEL"` where nothing has set that variable. */
function emptyArgument(
  name: CommandName,
  { values, positionals }: { readonly values: object; readonly positionals: readonly string[] },
): string | undefined {
  const { options } = specOf(name);
  const isEmpty = ([option, given]: [string, unknown]): boolean =>
    [given].flat().includes("") && !MAY_BE_EMPTY.includes(options[option]?.value);
  const found = Object.entries(values).find(isEmpty);
  if (found !== undefined) return `--${found[0]}`;
  return positionals.includes("") ? "an argument" : undefined;
}

/** `avf device strat`: the commands of a kind, and the one that was meant perhaps. */
export function unknownVerb(kind: string, verb: string | undefined, verbs: readonly string[]): UsageError {
  const meant = nearest(verb ?? "", verbs);
  const problem = verb === undefined ? `avf ${kind} does nothing by itself.` : `There is no avf ${kind} ${verb}.`;
  const hint =
    meant === undefined ? verbs.map((each) => `avf ${kind} ${each}`).join(", ") : `did you mean avf ${kind} ${meant}?`;
  return new UsageError("BAD_ARGUMENTS", problem, { hint });
}

/** Parsers' own words name the first option that is wrong. */
function explain(name: CommandName, cause: unknown): string {
  const known = Object.keys(specOf(name).options);
  const unknown = /Unknown option '(-[^']*)'/.exec(describeError(cause))?.[1];
  if (unknown === undefined) return `avf ${name}: ${describeError(cause).replace(/\.?$/, ".")}`;
  const meant = nearest(unknown.replace(/^-+/, ""), known);
  const suggestion = meant === undefined ? "" : ` Did you mean --${meant}?`;
  return `avf ${name} has no option ${unknown}.${suggestion}`;
}

/** The name that a slip of the fingers makes of it; undefined when none is near. */
export function nearest(typed: string, names: readonly string[]): string | undefined {
  const starts = names.filter((name) => typed.length >= 3 && name.startsWith(typed));
  if (starts.length === 1) return starts[0];
  const [best] = names
    .map((name) => ({ name, distance: distance(typed, name) }))
    .filter((each) => each.distance <= Math.max(1, Math.floor(each.name.length / 3)))
    .sort((a, b) => a.distance - b.distance);
  return best?.name;
}

/** Letters to insert, remove, replace or swap with their neighbour. */
function distance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_unused, index) => index)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const at = (up: number, left: number): number => (up === 0 ? row : (rows[i - up] ?? []))[j - left] ?? 0;
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(at(1, 0) + 1, at(0, 1) + 1, at(1, 1) + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(2, 2) + 1);
      row.push(best);
    }
    rows.push(row);
  }
  return rows.at(-1)?.at(-1) ?? 0;
}
