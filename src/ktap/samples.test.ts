import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import { isFailure, ktapCases } from "./cases.js";
import type { KtapReport, KtapTest } from "./model.js";
import { parseKtap } from "./parse.js";

const folder = join(packageRoot, "fixtures/golden/ktap");
const { samples } = JSON.parse(readFileSync(join(folder, "expected.json"), "utf8")) as {
  readonly samples: Readonly<
    Record<
      string,
      { readonly passes: boolean; readonly leaves: readonly (readonly string[])[]; readonly skipAll?: string }
    >
  >;
};

const read = (name: string): KtapReport => parseKtap(readFileSync(join(folder, `${name}.log`), "utf8"));

/** As the judges tell it: a line for each test, and for each that was planned and did not come. */
function leaves(tests: readonly KtapTest[], plan: number | undefined, outer: readonly string[]): readonly string[][] {
  const came = tests.flatMap((one) => {
    const isLeaf = one.tests.length === 0 && (one.plan ?? 0) === 0;
    return isLeaf ? [[one.status, ...outer, one.name]] : leaves(one.tests, one.plan, [...outer, one.name]);
  });
  const missing = Array.from({ length: Math.max(0, (plan ?? 0) - tests.length) }, () => ["missing", ...outer, ""]);
  return [...came, ...missing];
}

/** Stricter than the judges, and why. */
const STRICTER: Readonly<Record<string, string>> = {
  "kunit/suite-failed-alone": "kunit_parser.py asks only the cases; ktap.rst: the parent's result is one of its own",
};

describe.each(Object.entries(samples))("%s", (name, { passes, leaves: expected, skipAll }) => {
  const report = read(name);

  test("has the tests that its judge found", () => {
    const found = report.documents.flatMap(({ tests, plan }) => leaves(tests, plan, []));
    // TAP::Parser tells nothing of tests that did not come.
    const compared = name.startsWith("tap/") ? found.filter(([status]) => status !== "missing") : found;
    // A test without a name is called by its number, which is ours to say.
    const named = expected.map((leaf, index) => (leaf.at(-1) === "" ? [leaf[0], `test ${index + 1}`] : leaf));
    expect(compared).toEqual(name.startsWith("tap/") ? named : expected);
    expect(report.documents[0]?.skipReason).toBe(skipAll);
  });

  test("passes, or not", () => {
    const cases = ktapCases(report);
    const passed = cases.length > 0 && !cases.some(isFailure);
    expect(passed).toBe(name in STRICTER ? false : passes);
  });
});

test("there are thirty samples and more", () => {
  expect(Object.keys(samples).length).toBeGreaterThanOrEqual(30);
});
