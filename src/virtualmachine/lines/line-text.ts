/** Lines of a VM as messages show them. */
import { printableLine } from "../../base/printable.js";
import type { VmJournal } from "../journal/journal.js";
import type { OutputLine } from "./line-history.js";
import { mergeStreams } from "./both-streams.js";

/** A line of a message: a guest may print what has no end. */
const MAX_CHARACTERS = 400;

/** `[   3.214 s console] text`, with the time since the run began; nothing in it acts on a terminal. */
export function formatLine(line: OutputLine, journal: VmJournal, streams: string = line.stream): string {
  const seconds = Math.max(0, line.atMs - (journal.run.beganMs ?? line.atMs)) / 1000;
  return `[${seconds.toFixed(3).padStart(8)} s ${streams.padEnd(7)}] ${shownText(line)}`;
}

/** What follows a line in a file: nothing after a piece of a line that continues. */
export function lineEnd({ piece }: Pick<OutputLine, "piece">): string {
  return piece === "first" || piece === "middle" ? "" : "\n";
}

/** The text of a line, as far as a message has room for it. */
export function shownText({ text, piece }: OutputLine): string {
  const goesOn = piece === "middle" || piece === "last" ? "…" : "";
  const rest = text.length > MAX_CHARACTERS ? `… (${text.length} characters)` : "";
  return `${goesOn}${printableLine(text.slice(0, MAX_CHARACTERS))}${rest}`;
}

/** The last of them. What came on console and log alike is there once. */
export function formatLastLines(lines: readonly OutputLine[], count: number, journal: VmJournal): readonly string[] {
  return mergeStreams(lines.slice(-4 * count))
    .slice(-count)
    .map(({ line, both }) => formatLine(line, journal, both ? "console, log" : line.stream));
}
