/** Help as clap 4 prints it. */
import { optionLabel, positionalLabel, type CommandSpec } from "./arguments.js";

/** What it takes a terminal to have when it is not asked. */
const WIDTH = 100;
/** More than this share of the width for names, and texts that do not fit go on lines of their own. */
const NAMES_SHARE = 0.4;
const PRINT_HELP = "Print help";

export function describeCommand(command: CommandSpec): string {
  const args = command.positionals.map((one) => ({ name: positionalLabel(one), help: one.help ?? "" }));
  const options = command.options.map((option) => ({
    ...{ name: optionLabel(option), short: option.short === undefined ? "    " : `-${option.short}, ` },
    help: option.help + (option.defaultValue === undefined ? "" : ` [default: ${option.defaultValue}]`),
  }));
  const help = { name: "--help", short: "-h, ", help: PRINT_HELP };
  const sections = [
    ...(args.length === 0 ? [] : [`Arguments:\n${lines(args, 4)}`]),
    `Options:\n${lines([...options, help], 8)}`,
  ];
  return [command.about, `Usage: ${fullUsage(command)}`, ...sections].join("\n\n");
}

export function describeCommands(commands: readonly CommandSpec[]): string {
  const help = { name: "help", help: "Print this message or the help of the given subcommand(s)" };
  const list = [...commands.map(({ name, about }) => ({ name, help: about })), help];
  return `Usage: vm <COMMAND>\n\nCommands:\n${lines(list, 4)}\n\nOptions:\n  -h, --help  ${PRINT_HELP}`;
}

/** All that a command takes. */
export function fullUsage({ name, options, positionals }: CommandSpec): string {
  const required = options.filter((option) => option.required).map(optionLabel);
  const optional = options.some((option) => option.required !== true) ? ["[OPTIONS]"] : [];
  return ["vm", name, ...optional, ...required, ...positionals.map(positionalLabel)].join(" ");
}

/** What `vm help help` prints. */
export const HELP_OF_HELP =
  "Print this message or the help of the given subcommand(s)\n\nUsage: vm help [COMMAND]...\n\n" +
  "Arguments:\n  [COMMAND]...  Print help for the subcommand(s)";

interface Entry {
  readonly name: string;
  readonly short?: string;
  readonly help: string;
}

/** @param beside what a line has beside name and text */
function lines(entries: readonly Entry[], beside: number): string {
  const longest = Math.max(...entries.map(({ name }) => name.length));
  const taken = longest + beside;
  const wraps = taken / WIDTH > NAMES_SHARE && entries.some(({ help }) => help.length > WIDTH - taken);
  return entries
    .map(({ name, short = "", help }) =>
      wraps ? `  ${short}${name}\n          ${help}` : `  ${short}${name.padEnd(longest)}  ${help}`,
    )
    .join("\n");
}
