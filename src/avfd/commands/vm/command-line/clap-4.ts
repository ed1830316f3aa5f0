/**
 * clap 4 (4.5), with the features that Android builds it with: neither suggestions nor wrapped help nor colours. Reads command
 * lines and tells mistakes as it does.
 */
import { describeCommand, fullUsage } from "./clap-4-help.js";
import { findOption, Given, optionLabel, positionalLabel, UsageOutcome } from "./arguments.js";
import type { CommandSpec, OptionSpec, ParsedArguments, PositionalSpec } from "./arguments.js";
import { valueProblem, type ValueKind } from "./values.js";

export const CLAP_4_USAGE_EXIT_CODE = 2;

/** @throws UsageOutcome for help and for the first mistake */
export function parseWithClap4(command: CommandSpec, args: readonly string[]): ParsedArguments {
  const given = new Given();
  const parser = new Clap4Parser(command, given);
  parser.read(args);
  parser.checkConflicts();
  parser.checkRequired();
  return given.parsed(command);
}

/** @param usage undefined: the mistake comes without */
export function clap4Mistake(message: string, usage: string | undefined, tip?: string): UsageOutcome {
  const parts = [`error: ${message}`, ...(tip === undefined ? [] : [`  tip: ${tip}`])];
  if (usage !== undefined) parts.push(`Usage: ${usage}`);
  return new UsageOutcome(
    "stderr",
    CLAP_4_USAGE_EXIT_CODE,
    [...parts, "For more information, try '--help'."].join("\n\n"),
  );
}

/** What was recognised, and is looked at when the next one is. */
interface Pending {
  readonly subject: OptionSpec | PositionalSpec;
  readonly value: string | undefined;
}

class Clap4Parser {
  readonly #rest: string[] = [];
  #onlyPositionals = false;
  #pending: Pending | undefined;
  #positionals = 0;

  constructor(
    private readonly command: CommandSpec,
    private readonly given: Given,
  ) {}

  read(args: readonly string[]): void {
    this.#rest.push(...args);
    for (let arg = this.#rest.shift(); arg !== undefined; arg = this.#rest.shift()) {
      if (this.#onlyPositionals || arg === "-" || !arg.startsWith("-")) this.#positional(arg);
      else if (arg === "--") this.#onlyPositionals = true;
      else if (arg.startsWith("--")) this.#long(arg);
      else this.#cluster(arg.slice(1));
    }
    this.#settle();
  }

  checkConflicts(): void {
    for (const option of this.given.options.keys()) {
      const other = [...this.given.options.keys()].find((one) => conflict(option, one));
      if (other === undefined) continue;
      const used = [...this.given.options.keys()].filter((one) => one !== other);
      throw clap4Mistake(
        `the argument '${optionLabel(option)}' cannot be used with '${optionLabel(other)}'`,
        usageWith(this.command, used, this.#positionals),
      );
    }
  }

  checkRequired(): void {
    const { options, positionals } = this.command;
    const missing = [
      ...options.filter((one) => one.required === true && !this.given.options.has(one)).map(optionLabel),
      ...positionals.slice(this.#positionals).flatMap((one) => (one.optional ? [] : [`<${one.name}>`])),
    ];
    if (missing.length === 0) return;
    const list = missing.map((name) => `\n  ${name}`).join("");
    throw clap4Mistake(`the following required arguments were not provided:${list}`, this.#usage());
  }

  #positional(arg: string): void {
    const spec = this.command.positionals[this.#positionals];
    if (spec === undefined) throw this.#unexpected(arg, false, fullUsage(this.command));
    this.#settle();
    this.#positionals += 1;
    this.#pending = { subject: spec, value: arg };
  }

  #long(arg: string): void {
    const at = arg.indexOf("=");
    const name = at < 0 ? arg : arg.slice(0, at);
    const attached = at < 0 ? undefined : arg.slice(at + 1);
    const option = findOption(this.command, name) ?? (name === "--help" ? HELP : undefined);
    if (option === undefined) {
      this.#settleQuietly();
      const isFirst = this.given.options.size === 0 && this.#positionals === 0;
      throw this.#unexpected(name, true, isFirst ? fullUsage(this.command) : this.#usage());
    }
    if (option.value === undefined && attached !== undefined) {
      throw clap4Mistake(
        `unexpected value '${attached}' for '${optionLabel(option)}' found; no more were expected`,
        usageWith(this.command, [...new Set([...this.given.options.keys(), option])], this.given.positionals.length),
      );
    }
    this.#take(option, attached);
  }

  /** `-m64`, `-m=64`, `-pm64`. */
  #cluster(text: string): void {
    for (let rest = [...text]; rest.length > 0; rest = rest.slice(1)) {
      const option = findOption(this.command, `-${rest[0] ?? ""}`) ?? (rest[0] === "h" ? HELP : undefined);
      if (option === undefined) throw this.#unexpected(`-${rest[0] ?? ""}`, true, fullUsage(this.command));
      const behind = rest.slice(1).join("");
      if (option.value !== undefined) return this.#take(option, behind === "" ? undefined : behind.replace(/^=/, ""));
      this.#take(option, undefined);
    }
  }

  #take(option: OptionSpec, attached: string | undefined): void {
    this.#settle();
    if (option === HELP) throw new UsageOutcome("stdout", 0, describeCommand(this.command));
    const next = this.#rest[0];
    const follows = next !== undefined && (next === "-" || !next.startsWith("-"));
    const value = option.value === undefined ? "" : (attached ?? (follows ? this.#rest.shift() : undefined));
    this.#pending = { subject: option, value };
    if (option.value === undefined || attached !== undefined) this.#settle();
  }

  #settle(): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) return;
    const { subject, value } = pending;
    if (!("long" in subject)) {
      this.given.positionals.push(value ?? "");
      return this.#checkValue(positionalLabel(subject), value, subject.type);
    }
    const label = optionLabel(subject);
    if (value === undefined) throw lacksValue(label);
    if (this.given.options.has(subject) && subject.repeatable !== true) {
      throw clap4Mistake(`the argument '${label}' cannot be used multiple times`, fullUsage(this.command));
    }
    this.given.add(subject, value);
    if (subject.value !== undefined) this.#checkValue(label, value, subject.type);
  }

  /** Of what went before, a mistake that is reported anyway takes precedence. */
  #settleQuietly(): void {
    try {
      this.#settle();
    } catch (error) {
      if (!(error instanceof UsageOutcome)) throw error;
    }
  }

  #unexpected(argument: string, isOption: boolean, usage: string): UsageOutcome {
    const couldBeValue = isOption && this.command.positionals.length > 0;
    return clap4Mistake(
      `unexpected argument '${argument}' found`,
      usage,
      couldBeValue ? `to pass '${argument}' as a value, use '-- ${argument}'` : undefined,
    );
  }

  #checkValue(label: string, value = "", type: ValueKind | undefined): void {
    if (type === undefined && value === "") throw lacksValue(label);
    const problem = type && valueProblem(type, value, true);
    if (problem !== undefined) throw clap4Mistake(`invalid value '${value}' for '${label}': ${problem}`, undefined);
  }

  #usage(): string {
    return usageWith(this.command, [...this.given.options.keys()], this.#positionals);
  }
}

const HELP: OptionSpec = { long: "help", short: "h", help: "" };

function lacksValue(label: string): UsageOutcome {
  return clap4Mistake(`a value is required for '${label}' but none was supplied`, undefined);
}

/** What is required, with what was given. */
function usageWith({ name, options, positionals }: CommandSpec, used: readonly OptionSpec[], given: number): string {
  const required = options.filter((option) => option.required === true).map(optionLabel);
  const optional = used.filter((option) => option.required !== true).map(optionLabel);
  const files = positionals.flatMap((one, at) => (one.optional === true && at >= given ? [] : [`<${one.name}>`]));
  return ["vm", name, ...required, ...optional, ...files].join(" ");
}

function conflict(option: OptionSpec, other: OptionSpec): boolean {
  return option.conflictsWith?.includes(other.long) === true || other.conflictsWith?.includes(option.long) === true;
}
