/** `test` with fixtures. Runs in the realm of the suite: it only hands functions without parameters to Jest. */
import type { FixtureSet } from "../../fixtures/engine.js";
import { AGAIN, readBridge, type Bridge } from "../bridge.js";
import type { RequiresCall } from "../test-plan.js";
import { jestGlobals } from "./jest-globals.js";

export type TestBody<F, Row extends readonly unknown[] = []> = (fixtures: F, ...row: Row) => void | Promise<void>;

/** Declares a test. `timeoutMs` bounds body and fixtures together; default: Jest's `testTimeout`. */
export type DeclareTest<F> = (name: string, body: TestBody<F>, timeoutMs?: number) => void;

/** Jest hands the elements of a row that is an array over one by one. */
type RowOf<T> = T extends readonly unknown[] ? [...T] : [T];

/** As `test.each` of Jest: one test a row; the fixtures come first, then what the row holds. */
export type DeclareEach<F> = <T>(
  table: readonly T[],
) => (name: string, body: TestBody<F, RowOf<T>>, timeoutMs?: number) => void;

/** New fixtures, by name: a value, or a function that hands one to `use` and tears down after it. */
export type FixtureAdditions<T, F> = {
  readonly [K in keyof T]: T[K] | ((fixtures: F & T, use: (value: T[K]) => Promise<void>) => Promise<void>);
};

export interface TestApi<F> extends DeclareTest<F> {
  readonly only: DeclareTest<F> & { readonly each: DeclareEach<F> };
  readonly skip: DeclareTest<F> & { readonly each: DeclareEach<F> };
  readonly failing: DeclareTest<F> & { readonly each: DeclareEach<F> };
  readonly each: DeclareEach<F>;
  readonly todo: (name: string) => void;
  /** A `test` with more fixtures, or with others under the same name. */
  extend<T extends object>(fixtures: FixtureAdditions<T, F>): TestApi<F & T>;
  /** Overrides for the tests of this `describe` block, or of the file when called outside of one. */
  use(overrides: Partial<FixtureAdditions<F, F>>): void;
  /**
   * A `test` whose tests are skipped, with what the device has as the reason, unless it has all of this: `protected`,
   * `sdk>=34`, `vmm=crosvm`, `ro.build.type=userdebug`… Where nothing is declared with it, as in
   * `describe("…", () => { test.requires("protected"); … })`, it holds for the whole block, or file.
   */
  requires(...requirements: readonly string[]): TestApi<F>;
  /** Runs `work` under a name that reports and the live view show, and returns what it returns. */
  step<T>(title: string, work: () => T | Promise<T>): Promise<T>;
}

interface JestTest {
  (name: string, fn: () => unknown, timeout?: number): void;
  each(table: readonly unknown[]): (name: string, fn: (...row: never[]) => unknown, timeout?: number) => void;
}

export function createTest<F>(
  set: (bridge: Bridge) => FixtureSet,
  requirements: readonly RequiresCall[] = [],
): TestApi<F> {
  const base = jestGlobals().test as unknown as JestTest & {
    only: JestTest;
    skip: JestTest;
    failing: JestTest;
    todo: (name: string) => void;
  };
  const declarer: Declarer = { set, requirements };
  const both = (jestTest: JestTest): DeclareTest<F> & { readonly each: DeclareEach<F> } =>
    Object.assign(declareTest<F>(jestTest, declarer), { each: declareEach<F>(jestTest, declarer) });
  return Object.assign(both(base), {
    only: both(base.only),
    skip: both(base.skip),
    failing: both(base.failing),
    todo: (name: string) => base.todo(name),
    extend: <T extends object>(fixtures: FixtureAdditions<T, F>): TestApi<F & T> =>
      createTest<F & T>((bridge) => bridge.extend(set(bridge), { ...fixtures }), requirements),
    requires: (...texts: readonly string[]): TestApi<F> =>
      createTest<F>(set, [...requirements, readBridge().requires(texts)]),
    use: (overrides: Partial<FixtureAdditions<F, F>>): void => {
      const bridge = readBridge();
      bridge.use(set(bridge), { ...overrides });
    },
    step: <T>(title: string, work: () => T | Promise<T>): Promise<T> => readBridge().step(title, work),
    concurrent: refuseConcurrent,
  });
}

/** What the tests of one `test` object have in common. */
interface Declarer {
  readonly set: (bridge: Bridge) => FixtureSet;
  readonly requirements: readonly RequiresCall[];
}

function declareTest<F>(jestTest: JestTest, declarer: Declarer): DeclareTest<F> {
  return (name, body, timeoutMs) => {
    declare(declarer, name, body, (one, run) => jestTest(one, () => run([]), timeoutMs));
  };
}

function declareEach<F>(jestTest: JestTest, declarer: Declarer): DeclareEach<F> {
  return (table) => (name, body, timeoutMs) => {
    declare(declarer, name, body as TestBody<F, never[]>, (one, run) => {
      // A rest parameter counts as none, so that Jest adds no `done` behind the row.
      jestTest.each(table)(one, (...row: unknown[]) => run(row), timeoutMs);
    });
  };
}

/** Checks the names a body asks for now, at definition, and hands Jest what runs it: once, or once more after a restore. */
function declare(
  { set, requirements }: Declarer,
  name: string,
  body: (fixtures: never, ...row: readonly never[]) => unknown,
  add: (name: string, run: (row: readonly unknown[]) => Promise<void>) => void,
): void {
  const bridge = readBridge();
  const fixtures = bridge.inScope(set(bridge));
  const names = bridge.namesOf(fixtures, body, `test "${name}"`);
  bridge.declare({ fixtures, names, requirements }, () => {
    for (const one of bridge.repeats ? [name, `${name}${AGAIN}`] : [name]) {
      add(one, (row) => bridge.run({ fixtures, names, body, row }));
    }
  });
}

/** Jest runs no hooks for concurrent tests (jestjs/jest#7997), and two at once would share one device unasked. */
function refuseConcurrent(): never {
  throw new (readBridge().library.UsageError)(
    "CONCURRENT_TEST",
    "test.concurrent does not work with fixtures: Jest runs no hooks for such tests.",
    { hint: "start several VMs in one test with Promise.all, or split the tests over files: each worker has a device" },
  );
}
