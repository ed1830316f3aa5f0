/** The table at the end of `npm start`. */
import { formatMs } from "../../base/deadline.js";
import type { VirtualMachine } from "../../virtualmachine/index.js";

interface SummaryRow {
  readonly vm: VirtualMachine;
  /** CID of the run, noted while it ran. */
  readonly cid: number | undefined;
}

const HEADINGS = ["VM", "CID", "running after", "first payload line", "console lines", "ended"];

export function summaryTable(rows: readonly SummaryRow[]): string {
  const cells = [HEADINGS, ...rows.map(cellsOf)];
  const widths = HEADINGS.map((_heading, column) => Math.max(...cells.map((row) => row[column]?.length ?? 0)));
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join("  ")
          .trimEnd()}\n`,
    )
    .join("");
}

function cellsOf({ vm, cid }: SummaryRow): readonly string[] {
  const created = vm.transitions[0]?.atMs ?? 0;
  const running = vm.transitions.find((transition) => transition.status === "RUNNING");
  const ended = vm.transitions.findLast((transition) => transition.status === "STOPPED");
  const greeting = vm.output.lines("console").find((line) => line.text.includes("Hello Microdroid"));
  const since = (atMs: number | undefined): string => (atMs === undefined ? "never" : formatMs(atMs - created));
  const reason = ended && "reason" in ended.cause ? ended.cause.reason : undefined;
  return [
    vm.getName(),
    String(cid ?? "?"),
    since(running?.atMs),
    since(greeting?.atMs),
    String(vm.output.lines("console").length),
    reason === undefined ? "still running" : reason.kind === "known" ? reason.name : reason.raw,
  ];
}
