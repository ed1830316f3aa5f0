/** What a test does besides calling the library, noted in the run's record: steps, waits, fixtures, assertions. */
import { inspect } from "node:util";
import { clockMs } from "../artifacts/clock.js";
import type { StepCategory } from "../artifacts/events.js";
import type { RunRecord } from "../artifacts/run-record.js";
import { describeError } from "../base/errors.js";
import { withoutControls } from "../base/printable.js";

/** A call of a matcher, as the suite's realm sees it. */
export interface MatcherCall {
  readonly matcher: string;
  readonly negated: boolean;
  readonly received: unknown;
  readonly expected: readonly unknown[];
}

/** Ends a note: with the failure, if it failed. */
export type EndNote = (outcome?: { readonly error: unknown }) => void;

/** A loop over thousands of assertions is told by its first ones, and by those that fail. */
const MAX_ASSERTIONS = 500;
const MAX_TEXT = 300;

let steps = 0;

export function noteStep(record: RunRecord | undefined, title: string, category: StepCategory): EndNote {
  const step = ++steps;
  record?.add({ kind: "step-started", step, title: short(title), category });
  return (outcome) => {
    const failure = outcome === undefined ? {} : { failure: short(describeError(outcome.error)) };
    record?.add({ kind: "step-ended", step, ...failure });
  };
}

/** The assertions of one test. */
export class AssertionRecord {
  #noted = 0;

  constructor(private readonly record: RunRecord) {}

  /** @param vmOf the VM that a received value is, if it is one */
  begin(call: MatcherCall, vmOf: (value: unknown) => { vm: string; machine: number } | undefined): EndNote {
    const startMs = clockMs();
    return (outcome) => {
      const passed = outcome === undefined;
      if (passed && ++this.#noted > MAX_ASSERTIONS) return;
      const { matcher, negated, received, expected } = call;
      const vm = vmOf(received);
      this.record.add(
        {
          kind: "assertion",
          ...{ matcher, negated, passed, durationMs: clockMs() - startMs },
          ...vm,
          received: vm?.vm ?? shown(received),
          expected: expected.map(shown).join(", "),
          ...(outcome === undefined ? {} : { message: short(describeError(outcome.error), 4 * MAX_TEXT) }),
        },
        startMs,
      );
    };
  }
}

/** Values may come from the suite and be anything; showing one must not fail, nor take long. */
function shown(value: unknown): string {
  try {
    return short(inspect(value, { depth: 1, maxArrayLength: 8, maxStringLength: 200, breakLength: Infinity }));
  } catch {
    return "?";
  }
}

function short(text: string, length = MAX_TEXT): string {
  const plain = withoutControls(text);
  return plain.length > length ? `${plain.slice(0, length)}…` : plain;
}
