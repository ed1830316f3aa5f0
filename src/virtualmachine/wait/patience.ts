/**
 * How long a wait may take. The budget restarts each time the boot moves forward, up to a hard limit; how much it is
 * depends on how slow the device was measured to be.
 */
import { showsInit } from "../boot/custom-boot.js";
import type { VmJournal } from "../journal/journal.js";
import type { TimedOut } from "./settle.js";
import type { BootStage } from "../boot/stages.js";

export interface Patience {
  /** Exact limit of the whole wait, renewed by nothing and not scaled. Default: two and a half budgets. */
  readonly timeoutMs?: number | undefined;
  /**
   * How long to wait without the boot moving forward, on a device of usual speed: multiplied by `slowness`. Default: 60 s,
   * of which a VM that boots may stand still for 45 s.
   */
  readonly budgetMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The boot of a VM that runs shows neither a new stage nor a new line. */
export interface Stalled {
  readonly kind: "stalled";
  readonly stage: BootStage | undefined;
  readonly stillMs: number;
}

export const DEFAULT_BUDGET_MS = 60_000;
/** The longest silence of a boot in an emulated device, measured: 4.4 s, and twenty times less on a phone. */
const BOOT_STILL_MS = 45_000;
const HARD_LIMIT_BUDGETS = 2.5;

interface PatienceClock {
  /** The end of the wait, if it has come. */
  check(nowMs: number): TimedOut | Stalled | undefined;
  /** When to check again, if nothing changes before. */
  dueMs(): number;
}

/** @param endsOnStall whether a boot that stands still ends the wait */
export function startPatience(
  journal: VmJournal,
  { timeoutMs, budgetMs }: Patience,
  beganMs: number,
  endsOnStall: boolean,
): PatienceClock {
  const { slowness } = journal.surroundings;
  const budget = (budgetMs ?? DEFAULT_BUDGET_MS) * slowness;
  const still = budgetMs === undefined ? BOOT_STILL_MS * slowness : budget;
  const hardLimit = timeoutMs ?? budget * HARD_LIMIT_BUDGETS;
  // With a limit and no budget the wait takes that long, whatever the VM does once it has booted.
  const renewed = timeoutMs === undefined || budgetMs !== undefined;
  // A boot whose end cannot be seen is not known to go on either: its silence may be that of a program that works.
  const endShows = (): boolean => {
    const image = journal.surroundings.config().getCustomImageConfig();
    return image === undefined || showsInit(image);
  };
  const boots = (): boolean =>
    journal.run.beganMs !== undefined && !journal.run.ended && !journal.boot.isOver && endShows();
  // What a debugger held the VM for does not count: all times below are those of the VM's own clock.
  const own = (atMs: number): number => atMs - journal.hold.before(atMs);
  const began = own(beganMs);
  const moved = (): number => own(journal.boot.movedMs ?? beganMs);
  const stallDue = (): number => (endsOnStall && boots() ? moved() + still : Infinity);
  const budgetDue = (): number => (renewed ? Math.max(began, moved()) + budget : Infinity);
  return {
    check: (nowMs) => {
      const now = own(nowMs);
      // First: on a busy host both may be due by the time this is asked, and this one says more.
      if (now >= stallDue()) return { kind: "stalled", stage: journal.boot.stage, stillMs: now - moved() };
      if (now >= began + hardLimit) return { kind: "timed-out", afterMs: hardLimit };
      return now >= budgetDue() ? { kind: "timed-out", afterMs: now - began } : undefined;
    },
    dueMs: () => {
      if (journal.hold.isHeld) return Infinity;
      return Math.min(began + hardLimit, stallDue(), budgetDue()) + journal.hold.before(Infinity);
    },
  };
}
