/** The types of `test`, with fixtures. */
import type { DeclaredCheckpoint } from "../../fixture-engine/stages.js";

/** What a test does: with the fixtures that it asks for, then with what a row of a table holds. */
export type TestBody<F, Row extends readonly unknown[] = []> = (fixtures: F, ...row: Row) => void | Promise<void>;

/** What Jest takes for a name: text, or a class or function that has one. */
export type TestName = string | number | ((...args: never[]) => unknown) | (abstract new (...args: never[]) => unknown);

/** Declares a test. `timeoutMs` bounds body and fixtures together; default: Jest's `testTimeout`. */
export type DeclareTest<F> = (name: TestName, body: TestBody<F>, timeoutMs?: number) => void;

/** Jest hands the elements of a row that is an array over one by one. */
type RowOf<T> = T extends readonly unknown[] ? [...T] : [T];

/** As `test.each` of Jest, for tables and for tagged templates: the fixtures come first, then what the row holds. */
export interface DeclareEach<F> {
  <T extends object = Readonly<Record<string, unknown>>>(
    headings: TemplateStringsArray,
    ...values: readonly unknown[]
  ): (name: TestName, body: TestBody<F, [T]>, timeoutMs?: number) => void;
  <T>(table: readonly T[]): (name: TestName, body: TestBody<F, RowOf<T>>, timeoutMs?: number) => void;
}

/** A way to declare tests, and the same for each row of a table. */
export type Declarer<F> = DeclareTest<F> & { readonly each: DeclareEach<F> };

/** New fixtures, by name: a value, or a function that hands one to `use` and tears down after it. */
export type FixtureAdditions<T, F> = {
  readonly [K in keyof T]: T[K] | ((fixtures: F & T, use: (value: T[K]) => Promise<void>) => Promise<void>);
};

export interface TestApi<F> extends DeclareTest<F> {
  readonly only: Declarer<F> & { readonly failing: Declarer<F> };
  readonly skip: Declarer<F> & { readonly failing: Declarer<F> };
  readonly failing: Declarer<F>;
  readonly each: DeclareEach<F>;
  readonly todo: (name: string) => void;
  /** A `test` with more fixtures, or with others under the same name. */
  extend<T extends object>(fixtures: FixtureAdditions<T, F>): TestApi<F & T>;
  /**
   * Overrides for the tests of this `describe` block, or of the file when called outside of one.
   * @param overrides fixtures by name, and `from`: the checkpoint that each test starts from, or undefined for none. That is
   *   no fixture: the device is put there before hooks and fixtures run
   */
  use(overrides: Partial<FixtureAdditions<F, F>> & { readonly from?: DeclaredCheckpoint | undefined }): void;
  /**
   * A `test` whose tests are skipped, with what the device has as the reason, unless it has all of this: `protected`,
   * `sdk>=34`, `vmm=crosvm`, `ro.build.type=userdebug`… Where nothing is declared with it, as in
   * `describe("…", () => { test.requires("protected"); … })`, it holds for the whole block, or file.
   */
  requires(...requirements: readonly string[]): TestApi<F>;
  /** Runs `work` under a name that reports and the live view show, and returns what it returns. */
  step<T>(title: string, work: () => T | Promise<T>): Promise<T>;
}
