/**
 * Another attempt for tests that a broken lab made fail, and for no others. Jest retries every failed test or none: of
 * those it is about to run again, the others are skipped and get back what they had.
 */
import type { Circus } from "@jest/types";
import type { JestError } from "./test-errors.js";

const RETRY_TIMES = Symbol.for("RETRY_TIMES");
const RETRY_IMMEDIATELY = Symbol.for("RETRY_IMMEDIATELY");
const LOG_ERRORS_BEFORE_RETRY = Symbol.for("LOG_ERRORS_BEFORE_RETRY");

interface Outcome {
  readonly errors: JestError[];
  readonly mode: Circus.TestEntry["mode"];
  readonly startedAt: Circus.TestEntry["startedAt"];
  readonly retryReasons: unknown[];
}

export class InfrastructureRetry {
  readonly #refused = new Map<Circus.TestEntry, Outcome>();
  #limit = 0;
  #ours = false;

  /** @param globals of the suite's realm, where Jest reads how often to retry */
  constructor(
    private readonly globals: Record<symbol, unknown>,
    private readonly option: number,
  ) {}

  /** The file is defined: `jest.retryTimes` of the suite wins, and then holds for every failure. */
  begin(): void {
    const ofSuite = Number(this.globals[RETRY_TIMES]) || 0;
    this.#ours = ofSuite === 0 && this.option > 0;
    this.#limit = this.#ours ? this.option : ofSuite;
    if (!this.#ours) return;
    this.globals[RETRY_TIMES] = this.option;
    this.globals[RETRY_IMMEDIATELY] = true;
    this.globals[LOG_ERRORS_BEFORE_RETRY] = true;
  }

  get attempts(): number {
    return 1 + this.#limit;
  }

  /** Whether Jest is going to run the test again if it fails this way. */
  willRetry(attempt: number, isInfrastructure: boolean): boolean {
    return attempt <= this.#limit && (isInfrastructure || !this.#ours);
  }

  /** The test failed and gets no further attempt. */
  refuse(test: Circus.TestEntry): void {
    if (!this.#ours) return;
    const { errors, mode, startedAt, retryReasons } = test;
    this.#refused.set(test, { errors, mode, startedAt, retryReasons: [...(retryReasons as unknown[])] });
  }

  /** Jest is about to run it again, and has put its errors aside. Returns whether it may. */
  allows(test: Circus.TestEntry): boolean {
    if (!this.#refused.has(test)) return true;
    test.mode = "skip";
    return false;
  }

  /** True for a test that is only skipped on its way to its old outcome. */
  isRefused(test: Circus.TestEntry): boolean {
    return this.#refused.has(test);
  }

  /** It was skipped: everything is as it was. */
  restore(test: Circus.TestEntry): void {
    const outcome = this.#refused.get(test);
    if (outcome === undefined) return;
    Object.assign(test, outcome, { status: "done", invocations: test.invocations - 1 });
  }
}
