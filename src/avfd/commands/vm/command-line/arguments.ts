/** What a sub-command of `vm` takes, as data, and what became of its arguments. */
import type { ValueKind } from "./values.js";

export interface OptionSpec {
  /** Without dashes. */
  readonly long: string;
  /** As the tool's help has it. */
  readonly help: string;
  readonly short?: string;
  readonly aliases?: readonly string[];
  /** Name of its value; undefined: a flag. */
  readonly value?: string;
  readonly repeatable?: boolean;
  readonly required?: boolean;
  /** What counts when it is not given; shown in the help. */
  readonly defaultValue?: string;
  /** Long names of options it cannot stand beside. */
  readonly conflictsWith?: readonly string[];
  readonly type?: ValueKind;
  /** The emulated device takes it and does nothing: a warning says so. */
  readonly effect?: "none";
}

export interface PositionalSpec {
  readonly name: string;
  readonly help?: string;
  readonly type?: ValueKind;
  /** The last ones only. */
  readonly optional?: boolean;
}

export interface CommandSpec {
  readonly name: string;
  readonly about: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: readonly OptionSpec[];
}

export interface ParsedArguments {
  /** In the order of the specification. */
  readonly positionals: readonly string[];
  flag(long: string): boolean;
  /** What was given, else the default. */
  value(long: string): string | undefined;
  values(long: string): readonly string[];
  /** Long names of given options that do nothing here, in an order that does not depend on the command line. */
  readonly withoutEffect: readonly string[];
}

/** The command line asks for help, or is wrong: what the tool prints then instead of doing anything. */
export class UsageOutcome extends Error {
  constructor(
    readonly stream: "stdout" | "stderr",
    readonly exitCode: number,
    readonly text: string,
  ) {
    super(text);
  }
}

/** `--debug <DEBUG>`. */
export function optionLabel(option: OptionSpec): string {
  return option.value === undefined ? `--${option.long}` : `--${option.long} <${option.value}>`;
}

export function positionalLabel({ name, optional }: PositionalSpec): string {
  return optional === true ? `[${name}]` : `<${name}>`;
}

/** @param name with its dashes */
export function findOption({ options }: CommandSpec, name: string): OptionSpec | undefined {
  return name.startsWith("--")
    ? options.find(({ long, aliases }) => name.slice(2) === long || aliases?.includes(name.slice(2)))
    : options.find(({ short }) => short === name.slice(1));
}

/** Options and positionals as they were given so far. */
export class Given {
  readonly positionals: string[] = [];
  /** In the order in which they came first. */
  readonly options = new Map<OptionSpec, string[]>();

  add(option: OptionSpec, value: string): void {
    this.options.set(option, [...(this.options.get(option) ?? []), value]);
  }

  parsed({ options }: CommandSpec): ParsedArguments {
    const values = (long: string): readonly string[] =>
      [...this.options].find(([option]) => option.long === long)?.[1] ?? [];
    return {
      positionals: this.positionals,
      flag: (long) => values(long).length > 0,
      value: (long) => values(long)[0] ?? options.find((one) => one.long === long)?.defaultValue,
      values,
      withoutEffect: [...this.options.keys()]
        .filter(({ effect }) => effect === "none")
        .map(({ long }) => long)
        .sort((a, b) => (a < b ? 1 : -1)),
    };
  }
}
