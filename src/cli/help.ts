/** Help texts, no wider than 80 columns. */
import type { CommandSpec } from "./command-spec.js";
import { COMMANDS, type CommandName } from "./commands.js";
import { SETTINGS } from "./settings.js";

const WIDTH = 80;

/** `avf help`: every command in a line. */
export function overview(): string {
  const names = commandNames();
  const width = Math.max(...names.map((name) => name.length));
  return [
    "Tests for virtual machines on Android devices (AVF), and an emulated device.",
    "",
    ...names.map((name) => `  avf ${name.padEnd(width)}  ${specOf(name).summary}`),
    "",
    "avf help COMMAND describes a command. Environment variables:",
    "",
    ...table(SETTINGS),
    "",
  ].join("\n");
}

/** `avf help run`, and `avf help device` for all of its kind. Undefined when there is no such command. */
export function helpOf(name: string): string | undefined {
  const names = commandNames().filter((each) => each === name || each.startsWith(`${name} `));
  if (names.length === 0) return undefined;
  return names.map(helpOfOne).join("\n");
}

/** `Usage: …` alone, for a line below what is wrong. */
export function usageOf(name: CommandName): string {
  return wrap(`avf ${name} ${specOf(name).takes}`.trimEnd(), "Usage: ", "           ");
}

export function commandNames(): readonly CommandName[] {
  return Object.keys(COMMANDS) as CommandName[];
}

export function specOf(name: CommandName): CommandSpec {
  return COMMANDS[name];
}

function helpOfOne(name: CommandName): string {
  const { summary, options, notes = [], exitCodes = [] } = specOf(name);
  const rows = Object.entries(options).map(
    ([option, { value, help }]) => [`--${option}${value === undefined ? "" : ` ${value}`}`, help] as const,
  );
  const blocks = [
    [usageOf(name)],
    [wrap(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`, "  ", "  ")],
    table(rows),
    ...notes.map((note) => [wrap(note, "  ", "  ")]),
    exitCodes.map((line) => wrap(line, "  Exit code: ", "             ")),
  ];
  return `${blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join("\n"))
    .join("\n\n")}\n`;
}

function table(rows: readonly (readonly [string, string])[]): readonly string[] {
  const width = Math.max(0, ...rows.map(([first]) => first.length));
  return rows.map(([first, second]) => wrap(second, `  ${first.padEnd(width)}  `, " ".repeat(width + 4)));
}

/** Of a terminal. A serial line says that it has 0. */
export function columnsOf(terminal: { readonly columns?: number }): number {
  return terminal.columns || WIDTH;
}

/** @param first begins the first line, `rest` the others */
export function wrap(text: string, first: string, rest: string, width = WIDTH): string {
  const lines: string[] = [];
  let line = first;
  for (const word of text.split(" ")) {
    const glue = line === first || line === rest ? "" : " ";
    if (line.length + glue.length + word.length > width && glue !== "") {
      lines.push(line);
      line = rest + word;
    } else line += glue + word;
  }
  return [...lines, line].join("\n");
}
