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
    "Made from the commands' own help by `npm run docs`. In a checkout and in a project that has jest-avf installed they are called with `npx avf …`; `avf help COMMAND` and `avf COMMAND --help` print what stands here.",
    "",
    "Results go to stdout; progress, hints and errors go to stderr. On a terminal progress is one line that changes; elsewhere it is a line a step. Whatever a command starts ends with it, Ctrl-C and SIGKILL included, but for `avf device start`.",
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
