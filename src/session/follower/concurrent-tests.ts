/**
 * Jest's own `test.concurrent` in a file of ours. Such tests run at the same time and without hooks, so that nothing on host or
 * device can be said to be one test's: they get no evidence, no look for leaks, no second attempt for a broken lab, and
 * Jest's results alone tell of them.
 */
import type { Circus } from "@jest/types";
import type { RunRecord } from "../../artifacts/run-record.js";
import type { InfrastructureRetry } from "../failures/infrastructure-retry.js";
import type { RequirementSkips } from "../plan/requirement-skips.js";
import { fullName, type TestPlan } from "../plan/test-plan.js";

interface ConcurrentOptions {
  readonly file: string;
  readonly record: RunRecord;
  readonly retry: InfrastructureRetry;
  readonly plan: TestPlan;
  readonly requirements: RequirementSkips;
}

export class ConcurrentTests {
  constructor(private readonly options: ConcurrentOptions) {}

  /** Whether the event is one of theirs, and so was dealt with. */
  takes(event: Circus.AsyncEvent | Circus.SyncEvent, state: Circus.State): boolean {
    if (!("test" in event) || event.test?.concurrent !== true) return false;
    const { test } = event;
    const { retry } = this.options;
    const isRefused = retry.isRefused(test);
    if (event.name === "test_start" && !isRefused) retry.testStarts(test, state);
    else if (event.name === "test_skip" && isRefused) retry.restore(test);
    else if (event.name === "test_skip") this.#skipped(test);
    else if (event.name === "test_started") this.#started(test);
    else if (event.name === "test_done" && test.errors.length > 0) retry.refuse(test);
    else if (event.name === "test_retry") retry.allows(test);
    return true;
  }

  /** With an error before it began, Jest does not run it. */
  #started(test: Circus.TestEntry): void {
    const failure = this.options.requirements.failureOf(test);
    if (failure !== undefined) test.errors.push(failure as Circus.TestError);
  }

  /** At once, so that what runs meanwhile does not come between the two. */
  #skipped(test: Circus.TestEntry): void {
    const { file, record, plan, requirements } = this.options;
    const about = { file, test: fullName(test), attempt: test.invocations };
    const skipReason = requirements.reasonOf(test);
    record.add({ kind: "test-start", ...about, occurrence: plan.occurrenceOf(test) });
    record.add({
      ...{ kind: "test-end", ...about, status: "skipped", durationMs: 0, errors: [] },
      ...(skipReason === undefined ? {} : { skipReason }),
    });
  }
}
