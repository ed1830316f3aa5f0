/** Waits for a VM. Each ends in one of a closed set of ways; they listen to events, nothing polls. */
import { Status } from "./constants.js";
import { VirtualMachineException } from "./errors.js";
import { settle } from "./settle.js";
import type { DeathReason } from "../virtualizationservice/contract.js";
import type { VmJournal } from "./journal.js";
import type { Cancelled, SettleOptions, TimedOut } from "./settle.js";

/** What a wait is for; it also ends when that can no longer come. */
export type WaitGoal = "started" | "ready" | "finished" | "died";

export type WaitOutcome =
  | { readonly kind: "started" }
  | { readonly kind: "ready" }
  | { readonly kind: "finished"; readonly exitCode: number }
  | { readonly kind: "died"; readonly reason: DeathReason }
  | TimedOut
  | Cancelled;

export type StatusOutcome = { readonly kind: "reached" } | TimedOut | Cancelled;

/**
 * Waits for the payload to be started, ready or finished, or for the VM to die. What has happened already in the latest
 * run counts; a VM that was never run is waited for. A payload that finished or a VM that died ends the wait for anything
 * that comes before; a deleted VM ends it as cancelled.
 */
export async function waitFor(journal: VmJournal, goal: WaitGoal, options: SettleOptions): Promise<WaitOutcome> {
  const firstRun = Math.max(1, journal.run.number);
  return settle<WaitOutcome>(journal.changes, () => probe(journal, goal, firstRun) ?? ifDeleted(journal), options);
}

/** Waits until the VM has this status, by events: files removed behind the library's back are not noticed. */
export async function waitForStatus(
  journal: VmJournal,
  status: Status,
  options: SettleOptions,
): Promise<StatusOutcome> {
  return settle<StatusOutcome>(
    journal.changes,
    () => (journal.status === status ? { kind: "reached" } : ifDeleted(journal)),
    options,
  );
}

function probe(journal: VmJournal, goal: WaitGoal, firstRun: number): WaitOutcome | undefined {
  const seen = journal.events.history.filter(({ run }) => run === firstRun).map(({ event }) => event);
  if (goal === "started" && seen.some((event) => event.kind === "payload-started")) return { kind: "started" };
  if (goal === "ready" && seen.some((event) => event.kind === "payload-ready")) return { kind: "ready" };
  const finished = seen.find((event) => event.kind === "payload-finished");
  if (goal !== "died" && finished) return { kind: "finished", exitCode: finished.exitCode };
  const died = seen.find((event) => event.kind === "died");
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
