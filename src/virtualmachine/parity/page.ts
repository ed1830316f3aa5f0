/** The page about what of Android's API is here: docs/parity.md. */
import { CALLBACK, SERVICE } from "./rows-callback.js";
import { BUILDER, CONFIG } from "./rows-config.js";
import { FILES, MACHINE } from "./rows-machine.js";
import { DESCRIPTOR, EXCEPTION, MANAGER } from "./rows-manager.js";
import type { Proof, Release, Row, Section } from "./row.js";

export const PAGE_PATH = "docs/parity.md";
export const SECTIONS: readonly Section[] = [
  MANAGER,
  MACHINE,
  CONFIG,
  BUILDER,
  CALLBACK,
  DESCRIPTOR,
  EXCEPTION,
  FILES,
  SERVICE,
];

const RELEASES: readonly Release[] = ["2021", "13", "15"];

const HEAD = `# Android's API, and ours

Each method, constant and field of \`android.system.virtualmachine\` in its first version (July 2021), in Android 13 and in
Android 15: whether it is here, and the test that proves it. What is different or left out says why.

This page is made from src/virtualmachine/parity/ by \`npm run docs\`; a row without its test fails the unit tests.
`;

export function renderPage(sections: readonly Section[] = SECTIONS): string {
  return [HEAD, ...sections.map(renderSection)].join("\n");
}

/** A test's file, from the root of the repository. */
export function proofPath({ file }: Proof): string {
  return file.startsWith("suites/") ? file : `src/virtualmachine/${file}`;
}

function renderSection({ title, rows }: Section): string {
  const head = ["Android's", ...RELEASES, "here", "proof"];
  const cells = [head, ...rows.map(renderRow)].map((row) => row.map((cell) => cell.replaceAll("|", "\\|")));
  const widths = head.map((_, i) => Math.max(...cells.map((row) => row[i]!.length)));
  const line = (row: readonly string[]): string => `| ${row.map((cell, i) => cell.padEnd(widths[i]!)).join(" | ")} |`;
  const rule = widths.map((width) => "-".repeat(width));
  const [first, ...others] = cells;
  return `## ${title}\n\n${[line(first!), line(rule), ...others.map(line)].join("\n")}\n`;
}

function renderRow(row: Row): readonly string[] {
  const marks = RELEASES.map((release) => (row.releases.includes(release) ? "×" : ""));
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
