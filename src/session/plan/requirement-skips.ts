/** Skips the tests of a file whose device lacks what they require, and says what it has instead. */
import type { Circus } from "@jest/types";
import { describeError } from "../../base/errors.js";
import { printable } from "../../base/printable.js";
import { evaluateRequirements, skipReason, type DeviceFacts } from "../../lab/requirements/index.js";
import { enabledTests, type TestPlan } from "./test-plan.js";

interface RequirementOutcome {
  /** Reasons of the tests that are skipped now. */
  readonly skipped: ReadonlyMap<Circus.TestEntry, string>;
  /** Tests for which it is unknown, since the device could not be asked. */
  readonly unknown: ReadonlyMap<Circus.TestEntry, unknown>;
}

/** Before anything was asked. */
export const NO_SKIPS: RequirementOutcome = { skipped: new Map(), unknown: new Map() };

/** Before the first hook: what is skipped here takes the hooks of its block with it. */
export async function skipUnmet(
  plan: TestPlan,
  state: Circus.State,
  facts: () => Promise<DeviceFacts>,
): Promise<RequirementOutcome> {
  const skipped = new Map<Circus.TestEntry, string>();
  const unknown = new Map<Circus.TestEntry, unknown>();
  for (const test of enabledTests(state)) {
    const requirements = plan.requirementsOf(test);
    if (requirements.length === 0) continue;
    try {
      const device = await facts();
      const reason = skipReason(await evaluateRequirements(requirements, device), device.serial);
      if (reason === undefined) continue;
      test.mode = "skip";
      skipped.set(test, reason);
    } catch (error) {
      unknown.set(test, error);
    }
  }
  return { skipped, unknown };
}

/** For people: a line for each reason, with the names of the tests where they are few. */
export function describeSkips(file: string, skipped: RequirementOutcome["skipped"]): string {
  const byReason = new Map<string, string[]>();
  for (const [{ name }, reason] of skipped) byReason.set(reason, [...(byReason.get(reason) ?? []), name]);
  return [...byReason]
    .map(([reason, names]) => {
      const which = names.length === 1 ? `"${names[0] ?? ""}"` : `${names.length} tests`;
      return printable(`avf: skipped ${which} in ${file}: ${reason}\n`);
    })
    .join("");
}

/** For a test that cannot be run, nor skipped with a reason. */
export function unknownRequirement(error: unknown): unknown {
  return Object.assign(new Error(`What it requires could not be looked at: ${describeError(error)}`), { cause: error });
}
