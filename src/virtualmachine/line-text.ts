/** Lines of a VM as messages show them. */
import { printable } from "../base/printable.js";
import type { VmJournal } from "./journal.js";
import type { OutputLine } from "./line-history.js";

/** `[   3.214 s console] text`, with the time since the run began, and without what would act on a terminal. */
export function formatLine(line: OutputLine, journal: VmJournal): string {
  const seconds = Math.max(0, line.atMs - (journal.run.beganMs ?? line.atMs)) / 1000;
  return `[${seconds.toFixed(3).padStart(8)} s ${line.stream.padEnd(7)}] ${printable(line.text)}`;
}
