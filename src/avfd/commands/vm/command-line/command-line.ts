/** A whole command line of `vm`: which sub-command it asks for, or what the tool says instead. */
import { UsageOutcome, type CommandSpec, type ParsedArguments } from "./arguments.js";
import { clap2Mistake, CLAP_2_USAGE_EXIT_CODE, parseWithClap2 } from "./clap-2.js";
import { describeCommandOfClap2, describeCommandsOfClap2, HELP_OF_HELP_OF_CLAP_2 } from "./clap-2-help.js";
import { clap4Mistake, CLAP_4_USAGE_EXIT_CODE, parseWithClap4 } from "./clap-4.js";
import { describeCommand, describeCommands, fullUsage, HELP_OF_HELP } from "./clap-4-help.js";

interface CommandLine<Spec extends CommandSpec> {
  readonly command: Spec;
  readonly args: ParsedArguments;
}

/** @throws UsageOutcome for help and for the first mistake */
export function parseCommandLine<Spec extends CommandSpec>(
  clap: 2 | 4,
  commands: readonly Spec[],
  [name, ...args]: readonly string[],
): CommandLine<Spec> {
  const { list, parse, exitCode } = STYLES[clap];
  if (name === undefined || name === "--") throw new UsageOutcome("stderr", exitCode, list(commands));
  if (name === "--help" || /^-h/.test(name) || (clap === 2 && name.startsWith("--help=")))
    throw new UsageOutcome("stdout", 0, list(commands));
  if (name === "help") throw helpOf(clap, commands, args);
  const command = commands.find((one) => one.name === name);
  if (command === undefined) throw unknownCommand(clap, name);
  return { command, args: parse(command, args) };
}

const STYLES = {
  2: { list: describeCommandsOfClap2, parse: parseWithClap2, exitCode: CLAP_2_USAGE_EXIT_CODE },
  4: { list: describeCommands, parse: parseWithClap4, exitCode: CLAP_4_USAGE_EXIT_CODE },
} as const;

function helpOf(clap: 2 | 4, commands: readonly CommandSpec[], [name, ...rest]: readonly string[]): UsageOutcome {
  if (name === undefined) return new UsageOutcome("stdout", 0, STYLES[clap].list(commands));
  if (name === "help" && rest.length === 0) {
    return new UsageOutcome("stdout", 0, clap === 2 ? HELP_OF_HELP_OF_CLAP_2 : HELP_OF_HELP);
  }
  const command = commands.find((one) => one.name === name);
  const unknown = command === undefined ? name : rest[0];
  if (command !== undefined && unknown === undefined) {
    return new UsageOutcome("stdout", 0, clap === 2 ? describeCommandOfClap2(command) : describeCommand(command));
  }
  if (clap === 4) {
    return clap4Mistake(
      `unrecognized subcommand '${unknown}'`,
      command === undefined ? "vm <COMMAND>" : fullUsage(command),
    );
  }
  return new UsageOutcome(
    "stderr",
    CLAP_2_USAGE_EXIT_CODE,
    `error: The subcommand '${unknown}' wasn't recognized\n\nUSAGE:\n\tvm help <subcommands>...\n\nFor more information try --help`,
  );
}

function unknownCommand(clap: 2 | 4, name: string): UsageOutcome {
  if (clap === 2) {
    const asked = name.startsWith("-") && !name.startsWith("--") ? name.slice(0, 2) : name.replace(/=.*$/, "");
    const shown = name.startsWith("-") ? asked : name;
    return clap2Mistake(
      `Found argument '${shown}' which wasn't expected, or isn't valid in this context`,
      "vm <SUBCOMMAND>",
    );
  }
  if (!name.startsWith("-") || name === "-") return clap4Mistake(`unrecognized subcommand '${name}'`, "vm <COMMAND>");
  const value = /^--help=([^]*)$/.exec(name)?.[1];
  if (value !== undefined) {
    return clap4Mistake(`unexpected value '${value}' for '--help' found; no more were expected`, "vm --help <COMMAND>");
  }
  const shown = name.startsWith("--") ? name.replace(/=.*$/, "") : name.slice(0, 2);
  return clap4Mistake(`unexpected argument '${shown}' found`, "vm <COMMAND>");
}
