/** What to say when a VM did not print what a test waits for. */
import { formatMs } from "../base/deadline.js";
import { HarnessError } from "../base/errors.js";
import { printable } from "../base/printable.js";
import { reasonName } from "./constants.js";
import { nearestMiss } from "./nearest-miss.js";
import type { FailureKind } from "../base/errors.js";
import type { ConsoleOutcome, ConsoleWaitOptions } from "./console-wait.js";
import type { VmJournal } from "./journal.js";
import type { OutputLine } from "./line-history.js";

const LINES_SHOWN = 40;

export type ConsoleFailure = Exclude<ConsoleOutcome, { readonly kind: "matched" }>;

/** Codes: `VM_DIED` (kind `vm`), `CONSOLE_TIMEOUT` and `CONSOLE_WAIT_CANCELLED` (kind `expectation`). */
export class ConsoleWaitError extends HarnessError {
  constructor(
    kind: FailureKind,
    code: string,
    message: string,
    readonly vmName: string,
    readonly outcome: ConsoleFailure,
    options: { readonly cause?: unknown; readonly hint?: string | undefined; readonly lastLines: readonly string[] },
  ) {
    super(kind, code, message, options);
  }
}

export function consoleWaitError(
  journal: VmJournal,
  pattern: string | RegExp,
  outcome: ConsoleFailure,
  options: ConsoleWaitOptions,
): ConsoleWaitError {
  const lines = journal.output.lines(options.stream).filter((line) => line.run === journal.run.number);
  const awaited = `${options.stream ?? "output"} to show ${formatPattern(pattern)}`;
  const { kind, code, what } = describeOutcome(journal, outcome, awaited);
  const near = nearestMiss(pattern, lines);
  return new ConsoleWaitError(kind, code, what, journal.vmName, outcome, {
    cause: outcome.kind === "cancelled" ? outcome.reason : undefined,
    hint: near ? `nearest miss: ${formatLine(near, journal)}` : hintFor(journal, lines),
    lastLines: lines.slice(-LINES_SHOWN).map((line) => formatLine(line, journal)),
  });
}

/** `[   3.214 s console] text`, with the time since the run began, and without what would act on a terminal. */
export function formatLine(line: OutputLine, journal: VmJournal): string {
  const seconds = Math.max(0, line.atMs - (journal.run.beganMs ?? line.atMs)) / 1000;
  return `[${seconds.toFixed(3).padStart(8)} s ${line.stream.padEnd(7)}] ${printable(line.text)}`;
}

function describeOutcome(
  journal: VmJournal,
  outcome: ConsoleFailure,
  awaited: string,
): { kind: FailureKind; code: string; what: string } {
  const { vmName, run, status } = journal;
  const vm = `VM "${vmName}"`;
  switch (outcome.kind) {
    case "died": {
      const after =
        run.beganMs === undefined || run.endedMs === undefined
          ? "before it ran"
          : `${formatMs(run.endedMs - run.beganMs)} after start`;
      const how = `${vm} died (${reasonName(outcome.reason)}) ${after}`;
      return { kind: "vm", code: "VM_DIED", what: `${how}, while waiting for its ${awaited}.` };
    }
    case "timed-out": {
      const what = `${vm} (${status}) was given ${formatMs(outcome.afterMs)} for its ${awaited}, in vain.`;
      return { kind: "expectation", code: "CONSOLE_TIMEOUT", what };
    }
    case "cancelled": {
      const why = status === "DELETED" ? "it has been deleted" : "it was called off";
      const what = `${vm} (${status}) is no longer waited for: ${why}, before its ${awaited}.`;
      return { kind: "expectation", code: "CONSOLE_WAIT_CANCELLED", what };
    }
  }
}

function hintFor(journal: VmJournal, lines: readonly OutputLine[]): string | undefined {
  if (journal.run.number === 0) return "the VM has never been run: call run().";
  if (lines.length > 0) return undefined;
  return "it printed nothing at all; a VM that is not debuggable (DEBUG_LEVEL_NONE) has no console.";
}

function formatPattern(pattern: string | RegExp): string {
  return typeof pattern === "string" ? JSON.stringify(pattern) : String(pattern);
}
