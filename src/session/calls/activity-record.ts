/** What a test does besides calling the library, noted in the run's record: steps, waits, fixtures, assertions. */
import { inspect, types } from "node:util";
import { clockMs } from "../../artifacts/clock.js";
import type { StepCategory } from "../../artifacts/events.js";
import type { SubtestCase } from "../../artifacts/events/subtests.js";
import type { RunRecord } from "../../artifacts/run-record.js";
import { describeError } from "../../base/errors.js";
import { withoutControls } from "../../base/printable.js";
import { failureOf } from "../rejections/failed-call.js";
import { callSignal, type EndNote } from "./test-context.js";

/** A call of a matcher, as the suite's realm sees it. */
export interface MatcherCall {
  readonly matcher: string;
  /** `resolves`, `rejects`, `not`: as they stand before the matcher. */
  readonly modifiers: readonly string[];
  readonly received: unknown;
  readonly expected: readonly unknown[];
}

/** Ends the note of an assertion. Returns what the call is to fail with: its error, or that its test is over. */
export type EndAssertion = (outcome?: AssertionFailure) => unknown;

interface AssertionFailure {
  readonly error: unknown;
  /** Of a matcher that returned a promise: its stack shows where the matcher was called. */
  readonly site?: Error;
}

/** Of a loop over thousands of assertions the first ones are recorded, and those that fail. */
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

/** In the reports beyond that, only those that failed. */
const MAX_SUBTESTS = 20_000;
/** A line of the record stays short enough to be read as one. */
const SUBTESTS_PER_EVENT = 200;
let lists = 0;

export function recordSubtests(
  record: RunRecord | undefined,
  vm: string,
  run: number,
  cases: readonly SubtestCase[],
): void {
  const list = ++lists;
  const kept = cases.length <= MAX_SUBTESTS ? cases : mostTelling(cases);
  const omitted = cases.length - kept.length;
  for (let at = 0; at < kept.length; at += SUBTESTS_PER_EVENT) {
    record?.add({ kind: "subtests", vm, run, list, cases: kept.slice(at, at + SUBTESTS_PER_EVENT), omitted });
  }
}

/** Those that failed, then others, in their order. */
function mostTelling(cases: readonly SubtestCase[]): readonly SubtestCase[] {
  const isBad = ({ status }: SubtestCase): boolean => status === "failed" || status === "missing";
  const bad = cases.filter(isBad).length;
  let [badLeft, goodLeft] = [Math.min(bad, MAX_SUBTESTS), Math.max(0, MAX_SUBTESTS - bad)];
  return cases.filter((one) => (isBad(one) ? badLeft-- > 0 : goodLeft-- > 0));
}

/** The assertions of one test. */
export class AssertionRecord {
  #noted = 0;

  constructor(private readonly record: RunRecord) {}

  /** @param vmOf the VM that a received value is, if it is one */
  begin(call: MatcherCall, vmOf: (value: unknown) => { vm: string; machine: number } | undefined): EndAssertion {
    const startMs = clockMs();
    const signal = callSignal();
    return (outcome) => {
      const passed = outcome === undefined;
      if (passed && ++this.#noted > MAX_ASSERTIONS) return undefined;
      const { matcher, modifiers, received, expected } = call;
      const negated = modifiers.includes("not");
      const vm = vmOf(received);
      const texts = { received: vm?.vm ?? shown(received), expected: expected.map(shown).join(", ") };
      const what = `expect(${[texts.received + ")", ...modifiers, matcher].join(".")}(${texts.expected})`;
      const { error, site } = outcome ?? {};
      const failure = site === undefined ? error : failureOf({ what, site }, error, signal);
      this.record.add(
        {
          kind: "assertion",
          ...{ matcher, negated, passed, durationMs: clockMs() - startMs },
          ...vm,
          ...texts,
          ...(passed ? {} : { message: short(describeError(failure), 4 * MAX_TEXT) }),
        },
        startMs,
      );
      return failure;
    };
  }
}

/** Values may come from the suite and be anything; showing one must not fail, nor take long. */
function shown(value: unknown): string {
  try {
    // Node adds notes of its own to some.
    if (types.isPromise(value)) return "promise";
    return short(inspect(value, { depth: 1, maxArrayLength: 8, maxStringLength: 200, breakLength: Infinity }));
  } catch {
    return "?";
  }
}

function short(text: string, length = MAX_TEXT): string {
  const plain = withoutControls(text);
  return plain.length > length ? `${plain.slice(0, length)}…` : plain;
}
