/** What to say when a VM did not do what is waited for: who has to act, what it did instead, how far it came. */
import { formatMs } from "../../base/deadline.js";
import { describeError, HarnessError } from "../../base/errors.js";
import { SLOWNESS_PROPERTY } from "../../base/vm/speed-properties.js";
import { printableLine, shortened } from "../../base/printable.js";
import { BOOT_STAGES, stageIndex, type BootStage } from "../boot/stages.js";
import { DEBUG_LEVEL_NONE, reasonName } from "../constants.js";
import { crashSummary } from "../crash/crash-reports.js";
import { formatLastLines, shownText } from "../lines/line-text.js";
import type { FailureKind, HarnessErrorOptions } from "../../base/errors.js";
import type { VmJournal } from "../journal/journal.js";
import type { OutputLine, OutputStream } from "../lines/line-history.js";
import type { WaitEnd } from "./vm-wait.js";

/**
 * A failed wait for a VM. Codes: `VM_DIED`, `VM_PANICKED`, `PAYLOAD_CRASHED`, `BOOT_STALLED` (kind `vm`;
 * `usage` where its configuration cannot work), `DEVICE_GONE` (kind `infrastructure`), `WAIT_TIMEOUT` and `WAIT_CANCELLED` (kind `expectation`).
 */
export class VmWaitError extends HarnessError {
  constructor(
    what: EndText,
    readonly vmName: string,
    readonly outcome: WaitEnd,
    options: HarnessErrorOptions,
  ) {
    super(what.kind, what.code, what.text, options);
  }
}

interface EndText {
  readonly kind: FailureKind;
  readonly code: string;
  readonly text: string;
}

/** The codes that depend on what was waited for. */
interface EndCodes {
  readonly timedOut: string;
  readonly cancelled: string;
}

/** The lines a failure shows; 40 say more than a screen, and fit one. */
export const LINES_SHOWN = 40;
/** What a VM reports of an error is as long as it likes. */
const MAX_REPORT = 1_000;

/** @param awaited ends the sentence "… while waiting for", e.g. `its payload to be ready` */
export function waitError(journal: VmJournal, end: WaitEnd, awaited: string): VmWaitError {
  const text = describeEnd(journal, end, awaited, { timedOut: "WAIT_TIMEOUT", cancelled: "WAIT_CANCELLED" });
  const lines = linesOfRun(journal);
  return new VmWaitError(text, journal.vmName, end, {
    cause: causeOf(end),
    details: situation(journal),
    hint: hintFor(journal, lines),
    lastLines: formatLastLines(lines, LINES_SHOWN, journal),
  });
}

export function describeEnd(journal: VmJournal, end: WaitEnd, awaited: string, codes: EndCodes): EndText {
  const { vmName, run, status } = journal;
  const vm = `VM "${vmName}"`;
  const whileWaiting = `while waiting for ${awaited}`;
  switch (end.kind) {
    case "died": {
      const text = `${vm} died (${reasonName(end.reason)}) ${sinceStart(journal, run.endedMs)}, ${whileWaiting}.`;
      return { kind: journal.callersMistake === undefined ? "vm" : "usage", code: "VM_DIED", text };
    }
    case "in-trouble": {
      const { kind, line } = end.trouble;
      const when = sinceStart(journal, line.atMs);
      const died = end.reason ? ` and died (${reasonName(end.reason)})` : ", and still runs";
      const [code, what] =
        kind === "kernel-panic"
          ? ["VM_PANICKED", `The kernel of ${vm} panicked ${when}${died}`]
          : ["PAYLOAD_CRASHED", `The payload of ${vm} crashed ${when}${died}`];
      return { kind: "vm", code, text: `${what}, ${whileWaiting}.\n  ${shownText(line)}` };
    }
    case "device-gone": {
      const text = `The device of ${vm} is gone, ${whileWaiting}: ${describeError(end.reason)}`;
      return { kind: "infrastructure", code: "DEVICE_GONE", text };
    }
    case "stalled": {
      const silence = `has shown neither a new stage nor a new line for ${formatMs(end.stillMs)}`;
      const text = `${vm} is stuck at boot stage "${end.stage ?? "none"}": it ${silence}, ${whileWaiting}.`;
      return { kind: "vm", code: "BOOT_STALLED", text };
    }
    case "timed-out": {
      const text = `${vm} (${status}): timed out after ${formatMs(end.afterMs)} waiting for ${awaited}.`;
      return { kind: "expectation", code: codes.timedOut, text };
    }
    case "cancelled": {
      const reason = end.reason === undefined ? "" : ` (${describeError(end.reason)})`;
      const why = status === "DELETED" ? "it has been deleted" : `it was called off${reason}`;
      const text = `${vm} (${status}): stopped waiting for ${awaited}: ${why}.`;
      return { kind: "expectation", code: codes.cancelled, text };
    }
  }
}

/** Which state the VM is in, how far its boot came, what it reported. */
export function situation(journal: VmJournal): readonly string[] {
  const { run, status, state, lastCid, boot } = journal;
  if (run.number === 0) return [`It is ${status} and was never run.`];
  const cid = lastCid === undefined ? "no CID" : `CID ${lastCid}`;
  const which = run.number > 1 ? `, run ${run.number}` : "";
  const stages = boot.stages.map(({ stage, afterMs }) => `${stage} ${(afterMs / 1000).toFixed(2)} s`);
  const reached = boot.stage;
  // Most VMs have no firmware that speaks.
  const missing = BOOT_STAGES.filter((stage) => stage !== "firmware" && isBehind(stage, reached));
  const came = reached === undefined ? "Its boot did not start." : `Boot: ${stages.join(", ")}`;
  const open = reached !== undefined && missing.length > 0 ? `; not reached: ${missing.join(", ")}.` : ".";
  const reports = journal.events.history.filter((entry) => entry.run === run.number).map(({ event }) => event);
  const errors = reports.flatMap((event) =>
    event.kind === "error"
      ? [
          `It reported ${event.code.kind === "known" ? event.code.name : event.code.raw}: ${shortened(printableLine(event.message), MAX_REPORT)}`,
        ]
      : [],
  );
  const crashes = reports.flatMap((event) =>
    event.kind === "crash" ? ["It crashed:", ...crashSummary(event.report)] : [],
  );
  return [
    run.ended
      ? `It is ${status} (${cid} until its end${which}).`
      : `It is ${status} (service: ${state}, ${cid}${which}).`,
    reached === undefined ? came : `${came}${open}`,
    ...restored(journal),
    ...errors,
    ...crashes,
  ];
}

/** Older events belong to the run that made the checkpoint. */
function restored({ transitions, run }: VmJournal): readonly string[] {
  const last = transitions.history.findLast((entry) => entry.cause.kind === "restored");
  if (last?.cause.kind !== "restored" || run.beganMs === undefined || last.run !== run.number) return [];
  return [`Restored to "${last.cause.checkpoint}" ${((last.atMs - run.beganMs) / 1000).toFixed(2)} s after its start.`];
}

function isBehind(stage: BootStage, reached: BootStage | undefined): boolean {
  return reached === undefined || stageIndex(stage) > stageIndex(reached);
}

export function linesOfRun(journal: VmJournal, stream?: OutputStream): readonly OutputLine[] {
  return journal.output.lines(stream).filter((line) => line.run === journal.run.number);
}

export function hintFor(journal: VmJournal, lines: readonly OutputLine[]): string | undefined {
  const { callersMistake } = journal;
  if (callersMistake !== undefined) return callersMistake;
  if (journal.run.number === 0) return "the VM has never been run: call run().";
  if (lines.length > 0) return undefined;
  if (journal.surroundings.config().getDebugLevel() === DEBUG_LEVEL_NONE)
    return "it printed nothing at all; a VM that is not debuggable (DEBUG_LEVEL_NONE) has no console.";
  if (journal.run.ended) return "it printed nothing at all, although it is debuggable.";
  const more = `adb shell setprop ${SLOWNESS_PROPERTY} 3`;
  return `it printed nothing at all, although it is debuggable; is the device very busy? "${more}" gives its VMs more time.`;
}

export function causeOf(end: WaitEnd): unknown {
  return end.kind === "cancelled" || end.kind === "device-gone" ? end.reason : undefined;
}

function sinceStart({ run }: VmJournal, atMs: number | undefined): string {
  if (run.beganMs === undefined || atMs === undefined) return "before it ran";
  return `${formatMs(Math.max(0, atMs - run.beganMs))} after start`;
}
