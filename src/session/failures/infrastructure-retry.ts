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

/** How often Jest runs a failed test of a block again, and whether it is we who asked for that. */
interface Rule {
  readonly limit: number;
  readonly isOurs: boolean;
}

const NEVER: Rule = { limit: 0, isOurs: false };

export class InfrastructureRetry {
  readonly #refused = new Map<Circus.TestEntry, Outcome>();
  readonly #rules = new Map<Circus.DescribeBlock, Rule>();
  /** As Jest decided before the first attempt at each. */
  readonly #ofTests = new WeakMap<Circus.TestEntry, Rule>();
  #current: Rule = NEVER;

  /** @param globals of the suite's realm, where Jest reads how often to retry */
  constructor(
    private readonly globals: Record<symbol, unknown>,
    private readonly option: number,
  ) {}

  /** The file is defined: `jest.retryTimes` of the suite, whatever its number, wins, and then holds for every failure. */
  begin(): void {
    if (this.option === 0 || this.globals[RETRY_TIMES] !== undefined) return;
    // As text, which Jest reads as the number: what a suite sets in its hooks is a number, and is told apart by that.
    this.globals[RETRY_TIMES] = String(this.option);
    this.globals[RETRY_IMMEDIATELY] = true;
    this.globals[LOG_ERRORS_BEFORE_RETRY] = true;
  }

  /** Jest reads its number once a block, between the block's `beforeAll` hooks and the first of its tests and blocks. */
  blockStarts(block: Circus.DescribeBlock): void {
    this.#rules.delete(block);
    if (block.parent) this.#ruleOf(block.parent);
  }

  /** @param state of Jest, which has the blocks that are run again as a whole */
  testStarts(test: Circus.TestEntry, state: Circus.State): void {
    const ofBlock = this.#ruleOf(test.parent);
    // A test that a `beforeAll` hook failed is not run again: neither would the hook be.
    const rule = test.errors.length > 0 || isInRetriedBlock(test, state) ? NEVER : ofBlock;
    this.#current = this.#ofTests.get(test) ?? rule;
    this.#ofTests.set(test, this.#current);
  }

  get attempts(): number {
    return 1 + this.#current.limit;
  }

  /** Whether Jest is going to run the test that runs now again if it fails this way. */
  willRetry(attempt: number, isInfrastructure: boolean): boolean {
    const { limit, isOurs } = this.#current;
    return attempt <= limit && (isInfrastructure || !isOurs);
  }

  /** The test failed and gets no further attempt. */
  refuse(test: Circus.TestEntry): void {
    if (this.#ofTests.get(test)?.isOurs !== true) return;
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

  #ruleOf(block: Circus.DescribeBlock): Rule {
    const known = this.#rules.get(block);
    if (known !== undefined) return known;
    const times = this.globals[RETRY_TIMES];
    const rule = { limit: Number.parseInt(String(times), 10) || 0, isOurs: typeof times === "string" };
    this.#rules.set(block, rule);
    return rule;
  }
}

/** `jest.retryTimes(n, { entireDescribe: true })`, of Jest 30.5 on: its tests get no attempts of their own. */
function isInRetriedBlock(test: Circus.TestEntry, state: Circus.State): boolean {
  const { describeRetryOptions }: { readonly describeRetryOptions?: WeakMap<Circus.DescribeBlock, unknown> } = state;
  for (let block: Circus.DescribeBlock | undefined = test.parent; block; block = block.parent) {
    if (describeRetryOptions?.has(block) === true) return true;
  }
  return false;
}
