/** Help and usage errors of `vm`, in the two styles of its argument parser: clap 4 (release 15) and clap 2 (release 13). */
import type { AndroidRelease } from "../../releases.js";
import { optionLabel, type CommandSpec, type UsageProblem } from "./arguments.js";

export const USAGE_EXIT_CODES: Readonly<Record<AndroidRelease, number>> = { 13: 1, 15: 2 };

export function formatUsageProblem(release: AndroidRelease, command: CommandSpec, problem: UsageProblem): string {
  if (problem.kind === "help") return formatHelp(release, command);
  return release === 15
    ? `error: ${describe15(problem)}${problem.kind === "invalid" ? "" : `\n\nUsage: ${usageLine(15, command)}`}\n\n` +
        "For more information, try '--help'."
    : `error: ${describe13(problem)}\n\nUSAGE:\n    ${usageLine(13, command)}\n\nFor more information try --help`;
}

function formatHelp(release: AndroidRelease, command: CommandSpec): string {
  const options = command.options.map((option) => {
    const short = option.short === undefined ? "    " : `-${option.short}, `;
    return `${short}${optionLabel(option)}${option.repeatable ? "..." : ""}`;
  });
  const help = command.shortHelp ? "-h, --help" : "    --help";
  const [usage, args, opts, indent] =
    release === 15 ? ["Usage:", "Arguments:", "Options:", "  "] : ["USAGE:\n   ", "ARGS:", "OPTIONS:", "    "];
  const section = (title: string, lines: readonly string[]): string =>
    lines.length === 0 ? "" : `\n\n${title}\n${lines.map((line) => `${indent}${line}`).join("\n")}`;
  return (
    `${command.about}\n\n${usage} ${usageLine(release, command)}` +
    section(
      args,
      command.positionals.map(({ name }) => `<${name}>`),
    ) +
    section(opts, [...options, help])
  );
}

export function formatUnknownCommand(release: AndroidRelease, name: string): string {
  return release === 15
    ? `error: unrecognized subcommand '${name}'\n\nUsage: vm <COMMAND>\n\nFor more information, try '--help'.`
    : `error: The subcommand '${name}' wasn't recognized\n\nUSAGE:\n    vm <SUBCOMMAND>\n\nFor more information try --help`;
}

export function formatCommandList(release: AndroidRelease, commands: readonly CommandSpec[]): string {
  const width = Math.max(...commands.map(({ name }) => name.length), "help".length);
  const indent = release === 15 ? "  " : "    ";
  const lines = commands.map(({ name, about }) => `${indent}${name.padEnd(width)}  ${about}`);
  return release === 15
    ? `Usage: vm <COMMAND>\n\nCommands:\n${lines.join("\n")}\n\nOptions:\n  -h, --help  Print help`
    : `USAGE:\n    vm <SUBCOMMAND>\n\nOPTIONS:\n    -h, --help    Print help information\n\nSUBCOMMANDS:\n${lines.join("\n")}`;
}

function usageLine(release: AndroidRelease, { name, options, positionals }: CommandSpec): string {
  const required = options.filter((option) => option.required).map(optionLabel);
  const optional = options.some((option) => !option.required) || release === 13 ? ["[OPTIONS]"] : [];
  return ["vm", name, ...optional, ...required, ...positionals.map((one) => `<${one.name}>`)].join(" ");
}

type Mistake = Exclude<UsageProblem, { readonly kind: "help" }>;

function describe15(problem: Mistake): string {
  switch (problem.kind) {
    case "unexpected":
      return `unexpected argument '${problem.argument}' found`;
    case "missing-value":
      return `a value is required for '${optionLabel(problem.option)}' but none was supplied`;
    case "unwanted-value":
      return `unexpected value '${problem.value}' for '${optionLabel(problem.option)}' found; no more were expected`;
    case "repeated":
      return `the argument '${optionLabel(problem.option)}' cannot be used multiple times`;
    case "conflict":
      return `the argument '${optionLabel(problem.option)}' cannot be used with '${optionLabel(problem.other)}'`;
    case "missing":
      return `the following required arguments were not provided:\n${problem.names.map((name) => `  ${name}`).join("\n")}`;
    case "invalid":
      return `invalid value '${problem.value}' for '${problem.subject}': ${problem.reason}`;
  }
}

function describe13(problem: Mistake): string {
  switch (problem.kind) {
    case "unexpected":
      return `Found argument '${problem.argument}' which wasn't expected, or isn't valid in this context`;
    case "missing-value":
      return `The argument '${optionLabel(problem.option)}' requires a value but none was supplied`;
    case "unwanted-value":
      return `The value '${problem.value}' was provided to '${optionLabel(problem.option)}' but it wasn't expecting any more values`;
    case "repeated":
      return `The argument '${optionLabel(problem.option)}' was provided more than once, but cannot be used multiple times`;
    case "conflict":
      return `The argument '${optionLabel(problem.option)}' cannot be used with '${optionLabel(problem.other)}'`;
    case "missing":
      return `The following required arguments were not provided:\n${problem.names.map((name) => `    ${name}`).join("\n")}`;
    case "invalid":
      return `Invalid value "${problem.value}" for '${problem.subject}': ${problem.reason}`;
  }
}
