/** Help as clap 2 prints it. */
import { optionLabel, type CommandSpec } from "./arguments.js";

/** What it takes a terminal to have when it is not asked. */
const WIDTH = 120;
const HELP = { name: "-h, --help", help: "Prints help information" };

export function describeCommandOfClap2(command: CommandSpec): string {
  const entry = (one: CommandSpec["options"][number]): Entry => ({
    name: `${one.short === undefined ? "    " : `-${one.short}, `}${optionLabel(one)}${one.repeatable ? "..." : ""}`,
    help: one.help + (one.defaultValue === undefined ? "" : ` [default: ${one.defaultValue}]`),
  });
  const sorted = [...command.options].sort((a, b) => (a.long < b.long ? -1 : 1));
  const flags = [...sorted.filter(({ value }) => value === undefined).map(entry), HELP];
  const options = sorted.filter(({ value }) => value !== undefined).map(entry);
  const args = command.positionals.map(({ name, help = "" }) => ({ name: `<${name}>`, help }));
  const byName = (entries: readonly Entry[]): readonly Entry[] =>
    [...entries].sort((a, b) => (a.name.slice(4) < b.name.slice(4) ? -1 : 1));
  return [
    `vm-${command.name} \n${command.about}`,
    `USAGE:\n    ${fullUsageOfClap2(command)}`,
    `FLAGS:\n${lines(byName(flags))}`,
    ...(options.length === 0 ? [] : [`OPTIONS:\n${lines(options)}`]),
    ...(args.length === 0 ? [] : [`ARGS:\n${lines(args)}`]),
  ].join("\n\n");
}

export function describeCommandsOfClap2(commands: readonly CommandSpec[]): string {
  const help = { name: "help", help: "Prints this message or the help of the given subcommand(s)" };
  const list = [...commands.map(({ name, about }) => ({ name, help: about })), help];
  list.sort((a, b) => (a.name < b.name ? -1 : 1));
  return `vm \n\nUSAGE:\n    vm <SUBCOMMAND>\n\nFLAGS:\n${lines([HELP])}\n\nSUBCOMMANDS:\n${lines(list)}`;
}

export function fullUsageOfClap2({ name, options, positionals }: CommandSpec): string {
  const flags = options.some(({ value }) => value === undefined) ? ["[FLAGS]"] : [];
  const valued = options.some(({ value }) => value !== undefined) ? ["[OPTIONS]"] : [];
  return ["vm", name, ...flags, ...valued, ...positionals.map((one) => `<${one.name}>`)].join(" ");
}

/** What `vm help help` prints. */
export const HELP_OF_HELP_OF_CLAP_2 =
  "vm-help \nPrints this message or the help of the given subcommand(s)\n\nUSAGE:\n    vm help [subcommand]...\n\n" +
  "ARGS:\n    <subcommand>...    The subcommand whose help message to display";

interface Entry {
  readonly name: string;
  readonly help: string;
}

function lines(entries: readonly Entry[]): string {
  const indent = 4 + Math.max(...entries.map(({ name }) => name.length)) + 4;
  return entries
    .map(({ name, help }) => `    ${name}`.padEnd(indent) + wrap(help, WIDTH - indent).join(`\n${" ".repeat(indent)}`))
    .join("\n");
}

function wrap(text: string, width: number): readonly string[] {
  const out: string[] = [];
  for (const word of text.split(" ")) {
    const last = out.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) out[out.length - 1] = `${last} ${word}`;
    else out.push(word);
  }
  return out;
}
