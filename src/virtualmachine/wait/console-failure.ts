/** What to say when a VM did not print what a test waits for. */
import { shortened } from "../../base/printable.js";
import { formatLastLines, formatLine } from "../lines/line-text.js";
import { nearestMiss } from "./nearest-miss.js";
import { causeOf, describeEnd, hintFor, linesOfRun, LINES_SHOWN, situation, VmWaitError } from "./wait-failure.js";
import type { VmJournal } from "../journal/journal.js";
import type { OutputStream } from "../lines/line-history.js";
import type { WaitEnd } from "./vm-wait.js";

/** As `VmWaitError`; codes of the last two kinds are `CONSOLE_TIMEOUT` and `CONSOLE_WAIT_CANCELLED`. */
export class ConsoleWaitError extends VmWaitError {}

const MAX_PATTERN = 1_000;

const CODES = { timedOut: "CONSOLE_TIMEOUT", cancelled: "CONSOLE_WAIT_CANCELLED" };

export function consoleWaitError(
  journal: VmJournal,
  pattern: string | RegExp,
  outcome: WaitEnd,
  options: { readonly stream?: OutputStream | undefined },
): ConsoleWaitError {
  const lines = linesOfRun(journal, options.stream);
  const text = describeEnd(journal, outcome, awaitedOutput(pattern, options.stream), CODES);
  const near = nearestMiss(pattern, lines);
  return new ConsoleWaitError(text, journal.vmName, outcome, {
    cause: causeOf(outcome),
    details: situation(journal),
    hint: journal.callersMistake ?? (near ? `nearest miss: ${formatLine(near, journal)}` : hintFor(journal, lines)),
    lastLines: formatLastLines(lines, LINES_SHOWN, journal),
  });
}

/** Ends a sentence that says what is waited for. */
function awaitedOutput(pattern: string | RegExp, stream: OutputStream | undefined): string {
  return `its ${stream ?? "output"} to show ${formatPattern(pattern)}`;
}

export function formatPattern(pattern: string | RegExp): string {
  return shortened(typeof pattern === "string" ? JSON.stringify(pattern) : String(pattern), MAX_PATTERN);
}
