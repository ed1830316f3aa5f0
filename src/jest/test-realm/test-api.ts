/** `test` with fixtures. Runs in the realm of the suite: it only hands functions without parameters to Jest. */
import type { FixtureSet } from "../../fixtures/engine.js";
import { readBridge, type Bridge } from "../bridge.js";
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
  /** Runs `work` under a name that reports and the live view show, and returns what it returns. */
  step<T>(title: string, work: () => T | Promise<T>): Promise<T>;
}

interface JestTest {
  (name: string, fn: () => unknown, timeout?: number): void;
  each(table: readonly unknown[]): (name: string, fn: (...row: never[]) => unknown, timeout?: number) => void;
}

export function createTest<F>(set: (bridge: Bridge) => FixtureSet): TestApi<F> {
  const base = jestGlobals().test as unknown as JestTest & {
    only: JestTest;
    skip: JestTest;
    failing: JestTest;
    todo: (name: string) => void;
  };
  return Object.assign(declareTest<F>(base, set), {
    only: Object.assign(declareTest<F>(base.only, set), { each: declareEach<F>(base.only, set) }),
    skip: Object.assign(declareTest<F>(base.skip, set), { each: declareEach<F>(base.skip, set) }),
    failing: Object.assign(declareTest<F>(base.failing, set), { each: declareEach<F>(base.failing, set) }),
    each: declareEach<F>(base, set),
    todo: (name: string) => base.todo(name),
    extend: <T extends object>(fixtures: FixtureAdditions<T, F>): TestApi<F & T> =>
      createTest<F & T>((bridge) => bridge.extend(set(bridge), { ...fixtures })),
    use: (overrides: Partial<FixtureAdditions<F, F>>): void => {
      const bridge = readBridge();
      bridge.use(set(bridge), { ...overrides });
    },
    step: <T>(title: string, work: () => T | Promise<T>): Promise<T> => readBridge().step(title, work),
    concurrent: refuseConcurrent,
  });
}

function declareTest<F>(jestTest: JestTest, set: (bridge: Bridge) => FixtureSet): DeclareTest<F> {
  return (name, body, timeoutMs) => {
    const prepared = prepare(set, name, body);
    jestTest(name, () => prepared([]), timeoutMs);
  };
}

function declareEach<F>(jestTest: JestTest, set: (bridge: Bridge) => FixtureSet): DeclareEach<F> {
  return (table) => (name, body, timeoutMs) => {
    const prepared = prepare(set, name, body as TestBody<F, never[]>);
    // A rest parameter counts as none, so that Jest adds no `done` behind the row.
    jestTest.each(table)(name, (...row: unknown[]) => prepared(row), timeoutMs);
  };
}

/** Checks the names a body asks for now, at definition, and returns what runs it. */
function prepare(
  set: (bridge: Bridge) => FixtureSet,
  name: string,
  body: (fixtures: never, ...row: readonly never[]) => unknown,
): (row: readonly unknown[]) => Promise<void> {
  const bridge = readBridge();
  const fixtures = bridge.inScope(set(bridge));
  const names = bridge.namesOf(fixtures, body, `test "${name}"`);
  return (row) => bridge.run({ fixtures, names, body, row });
}

/** Jest runs no hooks for concurrent tests (jestjs/jest#7997), and two at once would share one device unasked. */
function refuseConcurrent(): never {
  throw new (readBridge().library.UsageError)(
    "CONCURRENT_TEST",
    "test.concurrent does not work with fixtures: Jest runs no hooks for such tests.",
    { hint: "start several VMs in one test with Promise.all, or split the tests over files: each worker has a device" },
  );
}
