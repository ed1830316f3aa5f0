/** What a lab has lent us, until it is given back: renewed meanwhile, and guarded for the case that we die. */
import { sharedController } from "../../base/async/shared-signal.js";
import { sleep } from "../../base/deadline.js";
import { describeError, isHarnessError } from "../../base/errors.js";
import type { Guardian } from "../guardian/guardian.js";

interface LeaseTerms {
  /** For people: `shelf-1`. */
  readonly name: string;
  /** Starts a process that gives back what is ours by then. */
  readonly guard: () => Guardian;
  /** Undefined: it stays ours by itself. */
  readonly renewal?: Renewal;
  /** Called once, when no renewal is under way. Leaves alone what is somebody else's by then. Has a deadline of its own. */
  readonly giveBack: () => Promise<void>;
  /** What that is called. Default: `given back`. */
  readonly ending?: string;
  readonly tell: (message: string) => void;
}

interface Renewal {
  /** Waits until the next renewal. Rejects as `renew` does, where it learns of something before that. */
  readonly untilDue: (signal: AbortSignal) => Promise<void>;
  /** @throws InfrastructureError `LEASE_LOST` when it is no longer ours; any other failure is followed by another attempt */
  readonly renew: (signal: AbortSignal) => Promise<void>;
  /** Between attempts. */
  readonly retryMs: number;
  /** Told when an attempt succeeds after others that failed. */
  readonly succeedsAgain: string;
}

/** Guarded from now on, and renewed until it is given back or lost. */
export function keepLease(terms: LeaseTerms): KeptLease {
  return new KeptLease(terms);
}

export class KeptLease {
  readonly #lost = sharedController();
  readonly #end = new AbortController();
  readonly #keeping: Promise<void>;
  #guardian: Guardian;
  #releasing: Promise<void> | undefined;

  constructor(private readonly terms: LeaseTerms) {
    this.#guardian = terms.guard();
    this.#keeping = terms.renewal === undefined ? Promise.resolve() : this.#keep(terms.renewal);
  }

  /** Aborted, with the reason, when somebody else has it, or nobody. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Repeatable, never rejects. */
  release(): Promise<void> {
    return (this.#releasing ??= this.#release());
  }

  /** For a guardian that has to know something new: the one before stays until there is another. */
  guardAnew(): void {
    const before = this.#guardian;
    this.#guardian = this.terms.guard();
    before.dismiss();
  }

  async #release(): Promise<void> {
    const { name, giveBack, ending = "given back", tell } = this.terms;
    this.#end.abort(new Error("released"));
    await this.#keeping;
    try {
      await giveBack();
      this.#guardian.dismiss();
    } catch (error) {
      // The guardian keeps trying after this process ends.
      tell(`${name} could not be ${ending} yet: ${describeError(error)}`);
    }
  }

  /** Ends when it is given back, or lost. Never rejects. */
  async #keep({ untilDue, renew, retryMs, succeedsAgain }: Renewal): Promise<void> {
    const { name, tell } = this.terms;
    const { signal } = this.#end;
    let isFailing = false;
    while (!signal.aborted) {
      try {
        await (isFailing ? sleep(retryMs, signal) : untilDue(signal));
        await renew(signal);
        if (isFailing) tell(succeedsAgain);
        isFailing = false;
      } catch (error) {
        if (signal.aborted) return;
        if (isHarnessError(error) && error.code === "LEASE_LOST") return this.#lost.abort(error);
        if (!isFailing) tell(`${describeError(error)}; going on with ${name}, and trying again`);
        isFailing = true;
      }
    }
  }
}
