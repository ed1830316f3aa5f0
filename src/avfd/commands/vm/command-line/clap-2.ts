/** clap 2 (2.33), as structopt sets it up and without its optional features. Reads command lines and tells mistakes as it does. */
import { findOption, Given, optionLabel, UsageOutcome } from "./arguments.js";
import type { CommandSpec, OptionSpec, ParsedArguments } from "./arguments.js";
import { describeCommandOfClap2, fullUsageOfClap2 } from "./clap-2-help.js";
import { valueProblem, type ValueKind } from "./values.js";

export const CLAP_2_USAGE_EXIT_CODE = 1;

/** @throws UsageOutcome for help and for the first mistake */
export function parseWithClap2(command: CommandSpec, args: readonly string[]): ParsedArguments {
  const given = new Given();
  const parser = new Clap2Parser(command, given);
  parser.read(args);
  parser.check();
  return given.parsed(command);
}

export function clap2Mistake(message: string, usage: string | undefined): UsageOutcome {
  const more = usage === undefined ? "" : `\n\nUSAGE:\n    ${usage}\n\nFor more information try --help`;
  return new UsageOutcome("stderr", CLAP_2_USAGE_EXIT_CODE, `error: ${message}${more}`);
}

class Clap2Parser {
  /** Takes what follows as its values: one, or all up to the next option. */
  #open: OptionSpec | undefined;
  #onlyPositionals = false;

  constructor(
    private readonly command: CommandSpec,
    private readonly given: Given,
  ) {}

  read(args: readonly string[]): void {
    for (const arg of args) {
      if (this.#onlyPositionals || arg === "-" || !arg.startsWith("-")) this.#value(arg);
      else if (arg === "--") {
        this.#onlyPositionals = true;
        this.#open = undefined;
      } else if (arg.startsWith("--")) this.#long(arg);
      else this.#cluster(arg.slice(1));
    }
  }

  /** What is missing counts more than what is wrong. */
  check(): void {
    const missing = this.command.positionals.slice(this.given.positionals.length).map(({ name }) => `\n    <${name}>`);
    if (missing.length > 0) {
      throw this.#mistake(`The following required arguments were not provided:${missing.join("")}`);
    }
    for (const [at, { name, type }] of this.command.positionals.entries()) {
      checkValue(`<${name}>`, this.given.positionals[at] ?? "", type);
    }
    for (const [option, values] of this.given.options) {
      const label = optionLabel(option);
      if (values.length === 0) throw this.#mistake(`The argument '${label}' requires a value but none was supplied`);
      for (const value of values) if (option.value !== undefined) checkValue(label, value, option.type);
      if (values.length > 1 && option.repeatable !== true) {
        throw this.#mistake(`The argument '${label}' was provided more than once, but cannot be used multiple times`);
      }
    }
  }

  #value(arg: string): void {
    if (this.#open !== undefined) {
      this.given.add(this.#open, arg);
      if (this.#open.repeatable !== true) this.#open = undefined;
      return;
    }
    if (this.given.positionals.length >= this.command.positionals.length) {
      throw this.#unexpected(arg);
    }
    this.given.positionals.push(arg);
  }

  #long(arg: string): void {
    const at = arg.indexOf("=");
    const name = at < 0 ? arg : arg.slice(0, at);
    if (name === "--help") throw this.#help();
    const option = findOption(this.command, name);
    if (option === undefined) throw this.#unexpected(name);
    this.#begin(option, at < 0 ? undefined : arg.slice(at + 1));
  }

  #cluster(text: string): void {
    for (let rest = [...text]; rest.length > 0; rest = rest.slice(1)) {
      const option = findOption(this.command, `-${rest[0] ?? ""}`);
      if (option === undefined && rest[0] === "h") throw this.#help();
      if (option === undefined) throw this.#unexpected(`-${rest[0] ?? ""}`);
      const behind = rest.slice(1).join("");
      if (option.value === undefined) this.#begin(option, undefined);
      else return this.#begin(option, behind === "" ? undefined : behind.replace(/^=/, ""));
    }
  }

  /** A flag with a value attached keeps it to itself. */
  #begin(option: OptionSpec, attached: string | undefined): void {
    this.#open = undefined;
    if (option.value === undefined) return this.given.add(option, "");
    if (attached !== undefined) return this.given.add(option, attached);
    this.#open = option;
    if (!this.given.options.has(option)) this.given.options.set(option, []);
  }

  #help(): UsageOutcome {
    return new UsageOutcome("stdout", 0, describeCommandOfClap2(this.command));
  }

  /** Reported at once, before defaults count as given. */
  #unexpected(argument: string): UsageOutcome {
    return clap2Mistake(notExpected(argument), this.#usageWith([...this.given.options.keys()]));
  }

  #mistake(message: string): UsageOutcome {
    const defaults = this.command.options.filter((option) => option.defaultValue !== undefined);
    return clap2Mistake(message, this.#usageWith([...new Set([...this.given.options.keys(), ...defaults])]));
  }

  #usageWith(used: readonly OptionSpec[]): string {
    if (used.length === 0) return fullUsageOfClap2(this.command);
    const options = used.map((option) => `${optionLabel(option)}${option.repeatable === true ? "..." : ""}`).sort();
    const positionals = this.command.positionals.map(({ name }) => `<${name}>`);
    return ["vm", this.command.name, ...positionals, ...options].join(" ");
  }
}

function checkValue(subject: string, value: string, type: ValueKind | undefined): void {
  const problem = type && valueProblem(type, value, false);
  if (problem !== undefined) throw clap2Mistake(`Invalid value for '${subject}': ${problem}`, undefined);
}

function notExpected(argument: string): string {
  return `Found argument '${argument}' which wasn't expected, or isn't valid in this context`;
}
