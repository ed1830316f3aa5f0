/** Waits for a VM. Each ends in one of a closed set of ways; they listen to events, nothing polls. */
import { Status } from "../constants.js";
import { VirtualMachineException } from "../errors.js";
import { nowMs } from "../journal/record.js";
import { startPatience } from "./patience.js";
import { settle } from "./settle.js";
import { waitForVm } from "./vm-wait.js";
import { formatLastLines } from "../lines/line-text.js";
import { LINES_SHOWN, linesOfRun, situation, waitError } from "./wait-failure.js";
import type { VmJournal } from "../journal/journal.js";
import type { Patience } from "./patience.js";
import type { Cancelled, SettleOptions, TimedOut } from "./settle.js";
import type { WaitEnd } from "./vm-wait.js";

/** What a wait is for; it also ends when that can no longer come. */
export type WaitGoal = "started" | "ready" | "finished" | "died";

export type WaitOutcome =
  | { readonly kind: "started" }
  | { readonly kind: "ready" }
  | { readonly kind: "finished"; readonly exitCode: number }
  | WaitEnd;

export type StatusOutcome = { readonly kind: "reached" } | TimedOut | Cancelled;

/**
 * Waits for the payload to be started, ready or finished, or for the VM to die. What has happened already in the latest
 * run counts; a VM that was never run is waited for. A payload that finished or a VM that died ends the wait for anything
 * that comes before, and so do, unless the goal is `died`, a panic, a crash and a boot that stands still.
 */
export async function waitFor(journal: VmJournal, goal: WaitGoal, options: Patience): Promise<WaitOutcome> {
  const firstRun = Math.max(1, journal.run.number);
  const probeGoal = (): WaitOutcome | undefined => probe(journal, goal, firstRun) ?? ifDeleted(journal);
  return waitForVm<WaitOutcome>(journal, probeGoal, { ...options, firstRun, expectsEnd: goal === "died" });
}

/** As `waitFor`, but anything other than the goal is an error that says what came instead. @throws VmWaitError */
export async function waitUntil(journal: VmJournal, goal: WaitGoal, options: Patience): Promise<void> {
  const outcome = await waitFor(journal, goal, options);
  if (outcome.kind === goal || outcome.kind === "started" || outcome.kind === "ready") return;
  if (outcome.kind !== "finished") throw waitError(journal, outcome, AWAITED[goal]);
  const what = `The payload of VM "${journal.vmName}" finished with exit code ${outcome.exitCode}`;
  throw new VirtualMachineException("PAYLOAD_FINISHED", `${what}, while waiting for ${AWAITED[goal]}.`, {
    vmName: journal.vmName,
    details: situation(journal),
    lastLines: formatLastLines(linesOfRun(journal), LINES_SHOWN, journal),
  });
}

const AWAITED: Readonly<Record<WaitGoal, string>> = {
  started: "its payload to be started",
  ready: "its payload to be ready",
  finished: "its payload to finish",
  died: "its end",
};

/**
 * Waits until the VM has this status, by events: files removed behind the library's back are not noticed. Time in which a
 * debugger holds the VM does not count.
 */
export async function waitForStatus(
  journal: VmJournal,
  status: Status,
  { timeoutMs, signal }: SettleOptions,
): Promise<StatusOutcome> {
  const patience = startPatience(journal, { timeoutMs }, nowMs(), false);
  const look = (): StatusOutcome | undefined => {
    if (journal.status === status) return { kind: "reached" };
    const end = ifDeleted(journal) ?? patience.check(nowMs());
    return end?.kind === "stalled" ? undefined : end;
  };
  return settle<StatusOutcome>(journal.changes, look, { timeoutMs: Infinity, signal, dueMs: () => patience.dueMs() });
}

function probe(journal: VmJournal, goal: WaitGoal, firstRun: number): WaitOutcome | undefined {
  const seen = journal.events.history.filter(({ run }) => run === firstRun).map(({ event }) => event);
  if (goal === "started" && seen.some((event) => event.kind === "payload-started")) return { kind: "started" };
  if (goal === "ready" && seen.some((event) => event.kind === "payload-ready")) return { kind: "ready" };
  const finished = seen.find((event) => event.kind === "payload-finished");
  if (goal !== "died" && finished) return { kind: "finished", exitCode: finished.exitCode };
  // Its end is told as every wait tells it, but for the one that is for it, whatever became of the device.
  const died = seen.find((event) => event.kind === "died");
  if (goal !== "died") return undefined;
  if (died) return { kind: "died", reason: died.reason };
  const { number, ended } = journal.run;
  // A start that failed leaves no event, only the run's end.
  return ended && number >= firstRun ? { kind: "died", reason: ended } : undefined;
}

function ifDeleted(journal: VmJournal): Cancelled | undefined {
  if (journal.status !== Status.DELETED) return undefined;
  const reason = new VirtualMachineException("VM_DELETED", "VM has been deleted", { vmName: journal.vmName });
  return { kind: "cancelled", reason };
}
