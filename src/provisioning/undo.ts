/** What was put on a device, and how to take it away again: last in, first out, to the end whatever fails. */
import { describeError } from "../base/errors.js";

export class Undo {
  readonly #steps: { readonly what: string; readonly run: () => Promise<void> }[] = [];

  add(what: string, run: () => Promise<void>): void {
    this.#steps.push({ what, run });
  }

  /** Runs every step, once. Throws the first failure, with the others named in it. */
  async run(): Promise<void> {
    const failures: { what: string; error: unknown }[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.run();
      } catch (error) {
        failures.push({ what: step.what, error });
      }
    }
    const [first] = failures;
    if (failures.length === 1) throw first?.error;
    if (first === undefined) return;
    const list = failures.map(({ what, error }) => `${what}: ${describeError(error)}`).join("\n");
    throw new AggregateError(
      failures.map(({ error }) => error),
      `${failures.length} steps of the clean-up failed:\n${list}`,
    );
  }
}
