/** The one wait for something of a VM: until it is there, or can no longer be expected. */
import { startPatience } from "./patience.js";
import { nowMs } from "../journal/record.js";
import { settle } from "./settle.js";
import type { DeathReason } from "../../virtualizationservice/contract.js";
import type { Trouble } from "../boot/progress.js";
import type { VmJournal } from "../journal/journal.js";
import type { Patience, Stalled } from "./patience.js";
import type { Cancelled, Changes, TimedOut } from "./settle.js";

/** Why a wait ended without what it was for. */
export type WaitEnd =
  | { readonly kind: "died"; readonly reason: DeathReason }
  /** `reason` is there when the VM died of it already. */
  | { readonly kind: "in-trouble"; readonly trouble: Trouble; readonly reason: DeathReason | undefined }
  | { readonly kind: "device-gone"; readonly reason: unknown }
  | Stalled
  | TimedOut
  | Cancelled;

interface VmWaitOptions extends Patience {
  /** Only this run of the VM and later ones count. */
  readonly firstRun: number;
  /** The VM's end is what is waited for: neither trouble, nor a device that is gone, nor a still boot keeps it away. */
  readonly expectsEnd?: boolean;
  /** What else makes it worth to look again. */
  readonly changes?: Changes;
}

/** What a VM says when it panics, or of a payload that crashed, and its end, come within this time after the first sign. */
const LAST_WORDS_MS = { "kernel-panic": 1_000, "payload-crash": 5_000 } as const;

/** Never rejects, unless `probe` throws. What `probe` finds wins over every reason to give up. */
export function waitForVm<T>(
  journal: VmJournal,
  probe: () => T | undefined,
  { firstRun, expectsEnd = false, changes = journal.changes, ...options }: VmWaitOptions,
): Promise<T | WaitEnd> {
  const patience = startPatience(journal, options, nowMs(), !expectsEnd);
  const troubleDue = (): number => {
    const trouble = journal.run.number >= firstRun && !expectsEnd ? journal.boot.trouble : undefined;
    if (trouble === undefined) return Infinity;
    return trouble.line.atMs + LAST_WORDS_MS[trouble.kind] * journal.surroundings.slowness;
  };
  const look = (): T | WaitEnd | undefined => {
    const now = nowMs();
    const found = probe();
    if (found !== undefined) return found;
    const over = expectsEnd ? whyEnded(journal, firstRun) : whyOver(journal, firstRun, now >= troubleDue());
    return over ?? patience.check(now);
  };
  return settle<T | WaitEnd>(alsoWhenGone(changes, journal.surroundings.gone), look, {
    timeoutMs: Infinity,
    signal: options.signal,
    dueMs: () => Math.min(patience.dueMs(), troubleDue()),
  });
}

function whyOver(journal: VmJournal, firstRun: number, isTroubleDue: boolean): WaitEnd | undefined {
  const { run, boot, surroundings } = journal;
  if (surroundings.gone?.aborted) return { kind: "device-gone", reason: surroundings.gone.reason };
  const ended = run.number >= firstRun ? run.ended : undefined;
  if (boot.trouble && (isTroubleDue || ended)) return { kind: "in-trouble", trouble: boot.trouble, reason: ended };
  return whyEnded(journal, firstRun);
}

function whyEnded(journal: VmJournal, firstRun: number): WaitEnd | undefined {
  const { run } = journal;
  if (run.ended && run.number >= firstRun) return { kind: "died", reason: run.ended };
  return journal.status === "DELETED" ? { kind: "cancelled", reason: undefined } : undefined;
}

function alsoWhenGone(changes: Changes, gone: AbortSignal | undefined): Changes {
  if (!gone) return changes;
  return {
    subscribe: (listener) => {
      gone.addEventListener("abort", listener, { once: true });
      const unsubscribe = changes.subscribe(listener);
      return () => {
        gone.removeEventListener("abort", listener);
        unsubscribe();
      };
    },
  };
}
