/** One attempt at one test: its fixtures, its signal, what it is waiting for, and the errors besides the first. */
import { eitherSignal, sharedController } from "../../base/async/shared-signal.js";
import { UsageError } from "../../base/errors.js";
import { formatMs, withDeadline } from "../../base/deadline.js";
import { FixtureScope, type FixtureSet } from "../../fixture-engine/engine.js";
import type { StepCategory } from "../../artifacts/events.js";
import type { RunRecord } from "../../artifacts/run-record.js";
import { noteStep, recordSubtests } from "../calls/activity-record.js";
import { runInContext, untilAborted, type CallContext, type EndNote } from "../calls/test-context.js";

/** What a test asks the environment to run. */
export interface TestRequest {
  readonly fixtures: FixtureSet;
  readonly names: readonly string[];
  readonly body: (fixtures: never, ...row: readonly never[]) => unknown;
  /** The table row of `test.each`. */
  readonly row: readonly unknown[];
}

const TEARDOWN_BUDGET_MS = 30_000;
/** For the last moves of a body and its fixtures after the test's end was decided. */
const SETTLE_TIMEOUT_MS = TEARDOWN_BUDGET_MS + 5_000;

export class TestRun {
  readonly startedMs = performance.now();
  /** Errors that came after the first; Jest shows them below it. */
  readonly furtherErrors: unknown[] = [];
  /** What its body ended with, or what kept it from running. */
  failure: unknown;
  /** When its time was over, oldest first. */
  busyWith: readonly string[] = [];
  readonly #controller = sharedController();
  /** What there was to see of it then. */
  busyDetails: readonly string[] = [];
  readonly #activities = new Set<{ readonly what: string; readonly detail: (() => string) | undefined }>();
  #onIdle: (() => void) | undefined;
  #settled: Promise<unknown> = Promise.resolve();
  #ending: Promise<void> | undefined;
  #open!: () => void;
  /** Closed until `end()`: behind it fixtures are torn down, when a failure is to leave them in place. */
  readonly #gate = new Promise<void>((resolve) => (this.#open = resolve));

  /** @param keepsOnFailure a failure is reported at once, and fixtures stay in place until `end()` */
  constructor(
    readonly name: string,
    readonly attempt: number,
    private readonly record?: RunRecord,
    private readonly keepsOnFailure = false,
  ) {}

  /** Fires when the test is over, or failed: nothing may start any more on its behalf. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Notes what the test is busy with, for the case that its time ends. Returns what ends the note. */
  begin(what: string, category: StepCategory | "noted elsewhere" = "wait", detail?: () => string): EndNote {
    const activity = { what, detail };
    this.#activities.add(activity);
    const end = category === "noted elsewhere" ? undefined : noteStep(this.record, what, category);
    return (outcome) => {
      if (!this.#activities.delete(activity)) return;
      end?.(outcome);
      if (this.#activities.size === 0) this.#onIdle?.();
    };
  }

  /** Its time is over: keeps what it was busy with then. */
  noteActivities(): void {
    const activities = [...this.#activities];
    this.busyWith = activities.map(({ what }) => what);
    this.busyDetails = activities.flatMap(({ detail }) => detail?.() ?? []);
  }

  /** Its end is decided: waits, bounded, until the calls that were not awaited have ended as well. Never throws. */
  async untilIdle(timeoutMs: number): Promise<void> {
    if (this.#activities.size === 0) return;
    const idle = new Promise<void>((resolve) => (this.#onIdle = resolve));
    await withDeadline("calls that were not awaited", { timeoutMs }, () => idle).catch(() => undefined);
  }

  /** Fixtures, body, teardown. Rejects with the first error; the rest goes to `furtherErrors`. */
  run(request: TestRequest): Promise<void> {
    let failNow!: (error: unknown) => void;
    const failed = new Promise<never>((_resolve, reject) => (failNow = reject));
    failed.catch(() => undefined);
    const running = this.#run(request, failNow);
    this.#settled = running.catch(() => undefined);
    return Promise.race([running, failed]);
  }

  /** The end is decided: what still runs on behalf of the test is notified. Repeatable. */
  stopWork(): void {
    if (this.signal.aborted) return;
    const reason = new UsageError("TEST_OVER", `Test "${this.name}" is over; this call was made for it.`, {
      hint: "await everything that a test starts; after a timeout its body continues, and its calls fail like this",
    });
    this.#controller.abort(reason);
  }

  /** Ends what still runs, and waits, bounded, until fixtures are torn down. Repeatable; never throws. */
  end(): Promise<void> {
    this.stopWork();
    this.#open();
    return (this.#ending ??= this.#untilSettled());
  }

  async #untilSettled(): Promise<void> {
    try {
      const timeoutMs = SETTLE_TIMEOUT_MS;
      await withDeadline(`the fixtures of "${this.name}" to be torn down`, { timeoutMs }, () => this.#settled);
    } catch (cause) {
      const text = `The fixtures of "${this.name}" were not torn down within ${formatMs(SETTLE_TIMEOUT_MS)}.`;
      this.furtherErrors.push(new UsageError("FIXTURE_TEARDOWN_TIMEOUT", text, { cause }));
    }
  }

  async #run({ fixtures, names, body, row }: TestRequest, failNow: (error: unknown) => void): Promise<void> {
    let endActivity: (() => void) | undefined;
    const scope = new FixtureScope(fixtures, {
      signal: this.signal,
      teardownBudgetMs: TEARDOWN_BUDGET_MS,
      onActivity: (what) => {
        endActivity?.();
        endActivity = what === undefined ? undefined : this.begin(what, "fixture");
      },
    });
    const begin: CallContext["begin"] = (what, category, detail) => this.begin(what, category, detail);
    const fixtureContext = { signal: this.signal, begin };
    const errors: unknown[] = [];
    try {
      const values = await runInContext(fixtureContext, () => scope.resolve(names));
      const call = body as (fixtures: unknown, ...row: readonly unknown[]) => unknown;
      const noteSubtests: CallContext["noteSubtests"] = (vm, run, cases) => recordSubtests(this.record, vm, run, cases);
      const running = runInContext({ signal: this.signal, begin, noteSubtests }, async () => call(values, ...row));
      await untilAborted(running, this.signal);
    } catch (error) {
      errors.push(error);
    }
    const told = errors.length > 0 && this.keepsOnFailure;
    if (told) {
      failNow(errors[0]);
      await this.#gate;
    }
    // Teardown gets a time of its own: the test's signal may have fired already.
    fixtureContext.signal = eitherSignal(AbortSignal.timeout(TEARDOWN_BUDGET_MS));
    errors.push(...(await runInContext(fixtureContext, () => scope.tearDown())));
    if (errors.length === 0) return;
    this.furtherErrors.push(...errors.slice(1));
    throw errors[0];
  }
}
