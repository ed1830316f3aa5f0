/**
 * Strict arguments for the `vm` tool: what each subcommand takes is a table, and mistakes are told as the tool's own
 * parser tells them (`usage.ts`).
 */

export interface OptionSpec {
  /** Without dashes. */
  readonly long: string;
  readonly short?: string;
  readonly aliases?: readonly string[];
  /** Name of its value; undefined: a flag. */
  readonly value?: string;
  readonly repeatable?: boolean;
  readonly required?: boolean;
  /** Long names of options it cannot stand beside. */
  readonly conflictsWith?: readonly string[];
  /** Returns why a value is bad. */
  readonly check?: (value: string) => string | undefined;
}

export interface PositionalSpec {
  readonly name: string;
  readonly check?: (value: string) => string | undefined;
}

export interface CommandSpec {
  readonly name: string;
  readonly about: string;
  readonly positionals: readonly PositionalSpec[];
  readonly options: readonly OptionSpec[];
  /** False in release 13, where it is `-h`, too. */
  readonly shortHelp: boolean;
}

export type UsageProblem =
  | { readonly kind: "help" }
  | { readonly kind: "unexpected"; readonly argument: string }
  | { readonly kind: "missing-value"; readonly option: OptionSpec }
  | { readonly kind: "unwanted-value"; readonly option: OptionSpec; readonly value: string }
  | { readonly kind: "repeated"; readonly option: OptionSpec }
  | { readonly kind: "conflict"; readonly option: OptionSpec; readonly other: OptionSpec }
  | { readonly kind: "missing"; readonly names: readonly string[] }
  | { readonly kind: "invalid"; readonly subject: string; readonly value: string; readonly reason: string };

export class UsageProblemError extends Error {
  constructor(
    readonly command: CommandSpec,
    readonly problem: UsageProblem,
  ) {
    super(problem.kind);
  }
}

export interface ParsedArguments {
  /** In the order of the specification. */
  readonly positionals: readonly string[];
  flag(long: string): boolean;
  value(long: string): string | undefined;
  values(long: string): readonly string[];
}

/** Throws `UsageProblemError` for the first mistake. */
export function parseArguments(command: CommandSpec, args: readonly string[]): ParsedArguments {
  const values = new Map<string, string[]>();
  const positionals: string[] = [];
  const refuse = (problem: UsageProblem): never => {
    throw new UsageProblemError(command, problem);
  };
  const rest = [...args];
  let onlyPositionals = false;
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (onlyPositionals || arg === "-" || !arg.startsWith("-")) {
      const spec = command.positionals[positionals.length] ?? refuse({ kind: "unexpected", argument: arg });
      checkValue(command, `<${spec.name}>`, arg, spec.check);
      positionals.push(arg);
      continue;
    }
    if (arg === "--") {
      onlyPositionals = true;
      continue;
    }
    const { name, attached, bundle } = splitOption(arg, command);
    if (name === "--help" || (name === "-h" && command.shortHelp)) refuse({ kind: "help" });
    const option = findOption(command, name) ?? refuse({ kind: "unexpected", argument: name });
    if (bundle !== undefined && option.value === undefined) rest.unshift(`-${bundle}`);
    let value = option.value === undefined ? attached : (attached ?? bundle);
    if (option.value === undefined) {
      if (value !== undefined) refuse({ kind: "unwanted-value", option, value });
      value = "";
    } else if (value === undefined) {
      const next = rest[0];
      if (next === undefined || (next.startsWith("-") && next !== "-")) refuse({ kind: "missing-value", option });
      value = rest.shift() ?? "";
    }
    const known = values.get(option.long);
    if (known && option.repeatable !== true) refuse({ kind: "repeated", option });
    if (option.value !== undefined) checkValue(command, optionLabel(option), value, option.check);
    values.set(option.long, [...(known ?? []), value]);
  }
  checkConflicts(command, values);
  const missing = [
    ...command.options.filter((one) => one.required && !values.has(one.long)).map(optionLabel),
    ...command.positionals.slice(positionals.length).map(({ name }) => `<${name}>`),
  ];
  if (missing.length > 0) refuse({ kind: "missing", names: missing });
  return {
    positionals,
    flag: (long) => values.has(long),
    value: (long) => values.get(long)?.[0],
    values: (long) => values.get(long) ?? [],
  };
}

/** `--debug <DEBUG>`. */
export function optionLabel(option: OptionSpec): string {
  return option.value === undefined ? `--${option.long}` : `--${option.long} <${option.value}>`;
}

function findOption({ options }: CommandSpec, name: string): OptionSpec | undefined {
  return name.startsWith("--")
    ? options.find(({ long, aliases }) => name.slice(2) === long || aliases?.includes(name.slice(2)))
    : options.find(({ short }) => short === name.slice(1));
}

/** `--name=value`, `-m256`, `-pm256`: the name, a value after `=`, and what stands behind a short one. */
function splitOption(
  arg: string,
  command: CommandSpec,
): { readonly name: string; readonly attached: string | undefined; readonly bundle: string | undefined } {
  if (arg.startsWith("--")) {
    const at = arg.indexOf("=");
    if (at < 0) return { name: arg, attached: undefined, bundle: undefined };
    return { name: arg.slice(0, at), attached: arg.slice(at + 1), bundle: undefined };
  }
  const name = arg.slice(0, 2);
  const behind = arg.length > 2 ? arg.slice(2) : undefined;
  if (behind?.startsWith("=") && findOption(command, name)?.value !== undefined) {
    return { name, attached: behind.slice(1), bundle: undefined };
  }
  return { name, attached: undefined, bundle: behind };
}

function checkValue(
  command: CommandSpec,
  subject: string,
  value: string,
  check: ((value: string) => string | undefined) | undefined,
): void {
  const reason = check?.(value);
  if (reason !== undefined) throw new UsageProblemError(command, { kind: "invalid", subject, value, reason });
}

function checkConflicts(command: CommandSpec, values: ReadonlyMap<string, unknown>): void {
  for (const option of command.options.filter(({ long }) => values.has(long))) {
    const other = command.options.find(({ long }) => option.conflictsWith?.includes(long) && values.has(long));
    if (other) throw new UsageProblemError(command, { kind: "conflict", option, other });
  }
}
