/** The page about the supported part of Android's API: docs/parity.md. */
import { CALLBACK, SERVICE } from "./rows-callback.js";
import { BUILDER, CONFIG } from "./rows-config.js";
import { CUSTOM_IMAGE, CUSTOM_IMAGE_BUILDER, DISK, PARTITION } from "./rows-custom-image.js";
import { FILES, MACHINE } from "./rows-machine.js";
import { DESCRIPTOR, EXCEPTION, MANAGER } from "./rows-manager.js";
import { LATER } from "./rows-later.js";
import { releasesOf } from "./members.js";
import { DIFFERENCES } from "./differences.js";
import { CLASS_RELEASES, type Proof, type Release, type Row, type Section } from "./row.js";

export const PAGE_PATH = "docs/parity.md";
const CUSTOM: readonly Section[] = [CUSTOM_IMAGE, CUSTOM_IMAGE_BUILDER, DISK, PARTITION];
const CONFIGS: readonly Section[] = [CONFIG, BUILDER, ...CUSTOM];
const BASE: readonly Section[] = [MANAGER, MACHINE, ...CONFIGS, CALLBACK, DESCRIPTOR, EXCEPTION, FILES, SERVICE];

export const SECTIONS: readonly Section[] = BASE.map(({ title, rows }) => ({
  title,
  rows: [...rows, ...(LATER[title] ?? [])],
}));

const RELEASES: readonly Release[] = ["2021", "13", ...CLASS_RELEASES];

const HEAD = `# Android's API, and ours

Each method, constant and field of \`android.system.virtualmachine\` in its first version (July 2021) and in
Android 13 to 17: whether it is supported, and the test that proves it. If it is different or left out, the row says why.
What a release has is read from its real classes, except for the first and 13, which are known from their source.

This page is made from src/virtualmachine/parity/ by \`npm run docs\`; a row without its test fails the unit tests.
`;

const DIFFERENCES_HEAD = `## Answers that differ

Intended differences between the answers of the port and those of Android's classes. \`npm run oracle\` has a rule for each,
and prints all other differences (docs/oracle.md).
`;

export function renderPage(sections: readonly Section[] = SECTIONS): string {
  return [HEAD, ...sections.map(renderSection), renderDifferences()].join("\n");
}

/** A test's file, from the root of the repository. */
export function proofPath({ file }: Proof): string {
  return file.startsWith("suites/") ? file : `src/virtualmachine/${file}`;
}

/** What the comparison with Android's classes knows of, and nothing else. */
function renderDifferences(): string {
  const lines = DIFFERENCES.map(({ says, id }) => `- ${says} (\`${id}\`)`);
  return `${DIFFERENCES_HEAD}\n${lines.join("\n")}\n`;
}

function renderSection(section: Section): string {
  const { title, rows } = section;
  const head = ["Android's", ...RELEASES, "here", "proof"];
  const cells = [head, ...rows.map((row) => renderRow(row, section))].map((row) =>
    row.map((cell) => cell.replaceAll("|", "\\|")),
  );
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  const [first, ...others] = cells;
  return `## ${title}\n\n${[line(first!), line(rule), ...others.map(line)].join("\n")}\n`;
}

function renderRow(row: Row, section: Section): readonly string[] {
  const releases = releasesOf(row, section);
  const marks = RELEASES.map((release) => (releases.includes(release) ? "×" : ""));
  const name = `\`${row.java}\``;
  if (row.is === "out of scope") return [name, ...marks, `out of scope: ${row.why}`, ""];
  const here = row.is === "present" ? `\`${shown(row)}\`` : `different, \`${shown(row)}\`: ${row.why}`;
  return [name, ...marks, here, `[${escaped(row.proof.title)}](../${proofPath(row.proof)})`];
}

function shown(row: Row & { readonly ours: string }): string {
  const value = row.is === "present" && row.value !== undefined ? ` = ${row.value}` : "";
  return row.ours.replace(/[#:]/, ".") + value;
}

function escaped(title: string): string {
  return title.replace(/[[\]_*<>`]/g, "\\$&");
}
