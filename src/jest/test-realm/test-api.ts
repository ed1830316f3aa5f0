/** `test` with fixtures. Runs in the realm of the suite: it only hands functions without parameters to Jest. */
import type { FixtureSet } from "../../fixture-engine/engine.js";
import { AGAIN } from "../../artifacts/rerun.js";
import { readBridge, type Bridge } from "../bridge.js";
import type { RequiresCall } from "../../session/plan/test-plan.js";
import { jestGlobals } from "./jest-globals.js";
import type {
  DeclareEach,
  DeclareTest,
  Declarer,
  FixtureAdditions,
  TestApi,
  TestBody,
  TestName,
} from "./test-types.js";

type AnyBody = (fixtures: never, ...row: readonly never[]) => unknown;

interface JestTest {
  (name: TestName, fn: unknown, timeout?: number): void;
  each(
    table: readonly unknown[],
    ...values: readonly unknown[]
  ): (name: TestName, fn: (...row: never[]) => unknown, timeout?: number) => void;
}

interface JestTests extends JestTest {
  readonly only: JestTest & { readonly failing: JestTest };
  readonly skip: JestTest & { readonly failing: JestTest };
  readonly failing: JestTest;
  readonly todo: (...args: readonly unknown[]) => void;
}

/** What the tests of one `test` object have in common. */
interface Common {
  readonly set: (bridge: Bridge) => FixtureSet;
  readonly requirements: readonly RequiresCall[];
}

export function createTest<F>(
  set: (bridge: Bridge) => FixtureSet,
  requirements: readonly RequiresCall[] = [],
): TestApi<F> {
  const base = jestGlobals().test as unknown as JestTests;
  const common: Common = { set, requirements };
  const declarer = (jestTest: JestTest): Declarer<F> =>
    Object.assign(declareTest<F>(jestTest, common), { each: declareEach<F>(jestTest, common) });
  const withFailing = (jestTest: JestTests["only"]): TestApi<F>["only"] =>
    Object.assign(declarer(jestTest), { failing: declarer(jestTest.failing) });
  return Object.assign(declarer(base), {
    only: withFailing(base.only),
    skip: withFailing(base.skip),
    failing: declarer(base.failing),
    todo: (...args: readonly unknown[]) => base.todo(...args),
    extend: <T extends object>(fixtures: FixtureAdditions<T, F>): TestApi<F & T> =>
      createTest<F & T>((bridge) => bridge.extend(set(bridge), { ...fixtures }), requirements),
    requires: (...texts: readonly string[]): TestApi<F> =>
      createTest<F>(set, [...requirements, readBridge().requires(texts)]),
    use: (overrides: Parameters<TestApi<F>["use"]>[0]): void => {
      const bridge = readBridge();
      bridge.use(set(bridge), { ...overrides });
    },
    step: <T>(title: string, work: () => T | Promise<T>): Promise<T> => readBridge().step(title, work),
    concurrent: concurrentTest(),
  });
}

function declareTest<F>(jestTest: JestTest, common: Common): DeclareTest<F> {
  return (name, body: unknown, timeoutMs) => {
    // What is no function is Jest's to refuse, in its own words.
    if (!isBody(body)) return jestTest(name, body, timeoutMs);
    declare(common, textOf(name), body, (one, run) => jestTest(one, () => run([]), timeoutMs));
  };
}

function declareEach<F>(jestTest: JestTest, common: Common): DeclareEach<F> {
  const each =
    (table: readonly unknown[], ...values: readonly unknown[]) =>
    (name: TestName, body: TestBody<F, never[]>, timeoutMs?: number): void => {
      const given: unknown = body;
      if (!isBody(given)) return jestTest(name, given, timeoutMs);
      declare(common, textOf(name), given, (one, run) => {
        // A rest parameter counts as none, so that Jest adds no `done` behind the row.
        jestTest.each(table, ...values)(one, (...row: unknown[]) => run(row), timeoutMs);
      });
    };
  return each;
}

/** Checks the names a body asks for now, at definition, and hands Jest what runs it: once, or once more after a restore. */
function declare(
  { set, requirements }: Common,
  name: TestName,
  body: AnyBody,
  add: (name: TestName, run: (row: readonly unknown[]) => Promise<void>) => void,
): void {
  const bridge = readBridge();
  const fixtures = bridge.inScope(set(bridge));
  const names = bridge.namesOf(fixtures, body, `test "${String(name)}"`);
  bridge.declare({ fixtures, names, requirements }, () => {
    for (const one of bridge.repeats ? [name, `${String(name)}${AGAIN}`] : [name]) {
      add(one, (row) => bridge.run({ fixtures, names, body, row }));
    }
  });
}

function isBody(body: unknown): body is AnyBody {
  return typeof body === "function";
}

/** Jest takes the name of a class or function; what is no name at all it refuses. */
function textOf(name: TestName): TestName {
  return typeof name === "function" ? name.name : name;
}

type Refuse = () => never;

/** All forms of it, so that each gets the same. */
function concurrentTest(): Refuse {
  const refuse = (): Refuse => () => refuseConcurrent();
  const each = { each: refuse() };
  const withFailing = { ...each, failing: Object.assign(refuse(), each) };
  return Object.assign(refuse(), withFailing, {
    only: Object.assign(refuse(), withFailing),
    skip: Object.assign(refuse(), withFailing),
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
