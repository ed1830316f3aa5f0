/** Looks once in a test's life whether one of its guests hangs, while what failed is as it was. */
import { describeHungGuest, describeLostGuest } from "../failures/lost-guest.js";
import { losesGuests, type FailedTest } from "./failure.js";

export class HungGuest {
  #looking: Promise<void> | undefined;
  #found: string | undefined;

  /** What to say of it; undefined when none hangs, or nobody has looked. */
  get found(): string | undefined {
    return this.#found;
  }

  /** To be called while its VMs are there, and at a failure: what was found at the first one counts. Never rejects. */
  look(failed: FailedTest): Promise<void> {
    if (failed.errors[0] === undefined) return Promise.resolve();
    return (this.#looking ??= find(failed).then((found) => void (this.#found = found)));
  }
}

async function find(failed: FailedTest): Promise<string | undefined> {
  const vms = failed.vms.map(({ vm }) => vm);
  const [first] = failed.errors;
  const answers = failed.device.opened?.guestAnswers;
  if (answers === undefined || !losesGuests(failed) || describeLostGuest(first, vms) !== undefined) return undefined;
  return describeHungGuest(first, vms, answers);
}
