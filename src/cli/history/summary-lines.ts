/** A history's summary for people. */
import { formatMs } from "../../base/deadline.js";
import { printableLine } from "../../base/printable.js";
import type { HistorySummary, TestName } from "../../history/index.js";

export function summaryLines(summary: HistorySummary): readonly string[] {
  const { runs, sinceMs, untilMs, tests, flaky, failing, slowest, slower } = summary;
  const when = sinceMs === undefined || untilMs === undefined ? "" : `, ${day(sinceMs)} to ${day(untilMs)}`;
  return [
    `${count(runs, "run")}${when}, ${count(tests, "test")}`,
    ...section("Flaky", "rate, 95 % interval, runs, first at, class", flaky, (one) => [
      percent(one.rate),
      `${percent(one.low)} to ${percent(one.high)}`,
      `${one.times} of ${one.runs}`,
      place(one.since.run.commit, one.since.run.atMs),
      one.failureClass ?? "",
    ]),
    ...section("Failing", "runs, since", failing, (one) => [
      count(one.runs, "run"),
      place(one.since.run.commit, one.since.run.atMs),
    ]),
    ...section("Slowest", "median, boot of a VM", slowest, (one) => [
      formatMs(one.medianMs),
      one.bootMs === undefined ? "" : formatMs(one.bootMs),
    ]),
    ...section("Slower than before", "median before, of the last 5 runs", slower, (one) => [
      formatMs(one.beforeMs),
      formatMs(one.nowMs),
    ]),
  ];
}

function section<T extends { readonly name: TestName }>(
  title: string,
  columns: string,
  entries: readonly T[],
  cells: (entry: T) => readonly string[],
): readonly string[] {
  if (entries.length === 0) return [];
  const rows = entries.map((entry) => [...cells(entry), nameText(entry.name)].map(printableLine));
  const widths = (rows[0] ?? []).map((_cell, column) => Math.max(...rows.map((row) => (row[column] ?? "").length)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return ["", `${title} (${columns})`, ...lines.map((line) => `  ${line}`)];
}

function nameText({ file, project, test, occurrence }: TestName): string {
  const where = project === undefined ? file : `${file} (${project})`;
  return `${where} › ${test}${occurrence === undefined ? "" : ` #${occurrence}`}`;
}

function place(commit: string | undefined, atMs: number): string {
  return commit === undefined ? day(atMs) : `${commit.slice(0, 10)} ${day(atMs)}`;
}

function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}

function percent(rate: number): string {
  return `${(rate * 100).toFixed(1)} %`;
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}
