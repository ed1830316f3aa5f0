/** Skips the tests of a file whose device lacks what they require, and says what it has instead. */
import type { Circus } from "@jest/types";
import { describeError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import { evaluateRequirements, skipReason, type DeviceFacts } from "../../lab/requirements/index.js";
import { enabledTests, type TestPlan } from "./test-plan.js";

export class RequirementSkips {
  /** Reasons of the tests that are skipped. */
  readonly #skipped = new Map<Circus.TestEntry, string>();
  /** Tests for which it is unknown, since the device could not be asked, and why. */
  readonly #unknown = new Map<Circus.TestEntry, unknown>();

  /** @param file as messages name it */
  constructor(
    private readonly plan: TestPlan,
    private readonly file: string,
    private readonly facts: () => Promise<DeviceFacts>,
  ) {}

  /** Before the first hook: what is skipped here takes the hooks of its block with it. Says what is skipped. */
  async begin(state: Circus.State): Promise<void> {
    for (const test of enabledTests(state)) await this.#look(test);
    this.#tell(this.#skipped);
  }

  /** A test for which it is unknown is about to run: asks again. */
  async lookAgain(test: Circus.TestEntry): Promise<void> {
    if (!this.#unknown.delete(test)) return;
    await this.#look(test);
    const reason = this.reasonOf(test);
    if (reason !== undefined) this.#tell(new Map([[test, reason]]));
  }

  /** Why the test is skipped; undefined when it is not, or not for its requirements. */
  reasonOf(test: Circus.TestEntry): string | undefined {
    return this.#skipped.get(test);
  }

  /** The failure of a test that cannot be run, nor skipped with a reason. */
  failureOf(test: Circus.TestEntry): unknown {
    const error = this.#unknown.get(test);
    if (error === undefined) return undefined;
    return Object.assign(new Error(`What it requires could not be looked at: ${describeError(error)}`), {
      cause: error,
    });
  }

  async #look(test: Circus.TestEntry): Promise<void> {
    const requirements = this.plan.requirementsOf(test);
    if (requirements.length === 0) return;
    try {
      const device = await this.facts();
      const reason = skipReason(await evaluateRequirements(requirements, device), device.serial);
      if (reason === undefined) return;
      test.mode = "skip";
      this.#skipped.set(test, reason);
    } catch (error) {
      this.#unknown.set(test, error);
    }
  }

  /** A line for each reason, with the names of the tests where they are few. */
  #tell(skipped: ReadonlyMap<Circus.TestEntry, string>): void {
    const byReason = new Map<string, string[]>();
    for (const [{ name }, reason] of skipped) byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
    for (const [reason, names] of byReason) {
      const which = names.length === 1 ? `"${names[0] ?? ""}"` : `${names.length} tests`;
      process.stderr.write(printable(`avf: skipped ${which} in ${this.file}: ${reason}\n`));
    }
  }
}
