/**
 * The one way from a suite to the library. Jest runs suites in a realm of their own, in which every module is loaded
 * again for each file; the library lives once, in the environment's realm, and is reached through a global symbol.
 */
import { UsageError } from "../base/errors.js";
import type { FixtureFunction, FixtureSet } from "../fixture-engine/engine.js";
import type { DeclaredCheckpoint, PlainStages } from "../fixture-engine/stages.js";
import type * as library from "../library.js";
import type { EndAssertion, MatcherCall } from "../session/calls/activity-record.js";
import type { matchers } from "./matchers/index.js";
import type { TestRequest } from "../session/follower/test-run.js";
import type { Declaration, RequiresCall } from "../session/plan/test-plan.js";

export const BRIDGE = Symbol.for("jest-avf.harness");

/** A VM boots in seconds; on a busy machine that emulates all of it, in many. */
export const DEFAULT_TEST_TIMEOUT_MS = 180_000;

export interface Bridge {
  readonly library: typeof library;
  readonly matchers: typeof matchers;
  /** For tests that set none of their own. */
  readonly testTimeoutMs: number;
  /** Fixtures that every test can ask for. */
  readonly baseFixtures: FixtureSet;
  extend(set: FixtureSet, additions: Readonly<Record<string, unknown>>): FixtureSet;
  /** Names in the first parameter of `body`; refuses what is not in `set`. */
  namesOf(set: FixtureSet, body: FixtureFunction | TestRequest["body"], what: string): readonly string[];
  /** Overrides for all tests of the `describe` that is being defined, or of the file; `from` is where they start. */
  use(set: FixtureSet, overrides: Readonly<Record<string, unknown>>): void;
  /** `set` with the overrides of the `describe` blocks around the test that is being defined. */
  inScope(set: FixtureSet): FixtureSet;
  /** What the tests of the block being defined, or those declared with it, ask of the device. */
  requires(texts: readonly string[]): RequiresCall;
  /** Jest's declarations of tests within `work` are of this one. */
  declare(declaration: Declaration, work: () => void): void;
  run(request: TestRequest): Promise<void>;
  /** Declares a checkpoint by the steps that lead to it. */
  checkpoint(name: string, setUp: (fixtures: never) => unknown): DeclaredCheckpoint;
  /** Whether each test runs once more after a restore. */
  readonly repeats: boolean;
  /** The stage fixtures without a test: for hooks and plain Jest style. */
  current(): PlainStages;
  /** A part of the current test, under a name that reports and the live view show. */
  step<T>(title: string, work: () => T | Promise<T>): Promise<T>;
  /** A matcher is called; the returned function records how it ended. */
  noteAssertion(call: MatcherCall): EndAssertion;
  /** Fires when the current test is over or failed. */
  signal(): AbortSignal;
}

/** @throws UsageError outside of our environment */
export function readBridge(): Bridge {
  const bridge = (globalThis as Record<symbol, unknown>)[BRIDGE] as Bridge | undefined;
  if (bridge !== undefined) return bridge;
  throw new UsageError("OUTSIDE_ENVIRONMENT", `"jest-avf" was imported outside of its Jest environment.`, {
    hint:
      typeof (globalThis as Record<string, unknown>)["describe"] === "function"
        ? 'set `preset: "jest-avf"` in the Jest configuration, and no other `testEnvironment` there or in a docblock'
        : 'in a Node program import "jest-avf/node"; run suites with `npx avf test` or Jest with `preset: "jest-avf"`',
  });
}
