/** docs/commands.md, made from the help itself. */
import { EXIT_CODES } from "../commands.js";
import { commandNames, helpOf } from "../help.js";
import { SETTINGS } from "../settings.js";

export const PAGE_PATH = "docs/commands.md";

export function renderPage(): string {
  const sections = commandNames().map((name) => `## avf ${name}\n\n\`\`\`text\n${helpOf(name) ?? ""}\`\`\`\n`);
  return [
    "# Commands",
    "",
    "Made from the commands' own help by `npm run docs`. In a checkout and in a project that has jest-avf installed they are called with `npx avf …`; `avf help COMMAND` and `avf COMMAND --help` print the same text.",
    "",
    "Results go to stdout; progress, hints and errors go to stderr. On a terminal progress is one line that changes; elsewhere it is a line for each step. Whatever a command starts ends with it, also after Ctrl-C and SIGKILL; only `avf device start` leaves a device running.",
    "",
    "## Exit codes",
    "",
    ...markdownTable(["exit code", "meaning"], EXIT_CODES),
    "",
    "Some commands give codes a further meaning; their help says so.",
    "",
    ...sections,
    "## Environment",
    "",
    ...markdownTable(
      ["variable", "meaning"],
      SETTINGS.map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
    "",
  ].join("\n");
}

function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
