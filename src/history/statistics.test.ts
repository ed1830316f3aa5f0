import { describe, expect, test } from "@jest/globals";
import type { PastOutcome, RunEntry, TestEntry } from "./entries.js";
import { breakage, flakiness, slowdown, type Past } from "./index.js";
import { rankScore } from "./slower.js";
import { wilson } from "./wilson.js";

// From SciPy 1.17: binomtest(happened, runs).proportion_ci(method="wilson").
test.each([
  [0, 10, 0, 0.2775328],
  [3, 40, 0.025836, 0.1986423],
  [5, 10, 0.2365931, 0.7634069],
  [10, 10, 0.7224672, 1],
])("Wilson's interval of %d in %d", (happened, runs, low, high) => {
  const found = wilson(happened, runs);
  expect(found.low).toBeCloseTo(low, 4);
  expect(found.high).toBeCloseTo(high, 4);
});

test("of no runs nothing is known", () => {
  expect(wilson(0, 0)).toEqual({ rate: 0, low: 0, high: 1 });
});

/** `p` passed, `f` failed, `r` retried; the commit behind it, `-` for none. */
function pastOf(text: string): readonly Past<TestEntry>[] {
  const outcomes: Readonly<Record<string, PastOutcome>> = { p: "passed", f: "failed", r: "flaky", u: "unfinished" };
  return text.split(" ").map((each, at) => {
    const [letter = "", commit = ""] = each;
    const outcome = outcomes[letter] ?? "passed";
    const run: RunEntry = { kind: "run", run: `r${at}`, atMs: at, ...(commit === "-" ? {} : { commit }) };
    const failureClass = outcome === "passed" ? {} : { failureClass: each.endsWith("!") ? "infrastructure" : "test" };
    const about = { file: "f", test: "t", outcome, durationMs: 1 };
    return { run, entry: { kind: "test", run: run.run, ...about, ...failureClass } };
  });
}

describe("a test is flaky", () => {
  test("in a run where it passed at a second try", () => {
    expect(flakiness(pastOf("pa rb! pc rc! rd"))).toMatchObject({
      ...{ times: 3, runs: 5, rate: 0.6, failureClass: "infrastructure" },
      since: { run: { commit: "b" } },
      last: { run: { commit: "d" } },
    });
  });

  test("in a run where it failed although another run of the commit passed, before or after", () => {
    expect(flakiness(pastOf("pa pb fb pc"))).toMatchObject({ times: 1, runs: 4, since: { run: { run: "r2" } } });
    expect(flakiness(pastOf("pa fb pb"))).toMatchObject({ times: 1, since: { run: { run: "r1" } } });
  });

  test("not if the commit may be the cause, is unknown, or the run was interrupted", () => {
    for (const past of ["pa fb fb pc", "pa fb", "p- f- p-", "pa ub pb", "pa pb"])
      expect(flakiness(pastOf(past))).toBeUndefined();
  });
});

test("a test is broken since the first of its last failures", () => {
  expect(breakage(pastOf("pa fb pc fd fe uf"))).toMatchObject({ runs: 2, since: { run: { commit: "d" } } });
  expect(breakage(pastOf("fa fb"))).toMatchObject({ runs: 2, since: { run: { commit: "a" } } });
  expect(breakage(pastOf("fa rb"))).toBeUndefined();
});

describe("slower", () => {
  // From SciPy 1.17: mannwhitneyu(second, first, alternative="greater", use_continuity=False, method="asymptotic"), whose
  // p-value norm.isf makes a deviate.
  test("ranks are compared as Mann and Whitney do, with ties", () => {
    expect(rankScore([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(2.61116, 3);
    expect(rankScore([1, 2, 2, 3], [2, 3, 3, 4])).toBeCloseTo(1.51744, 3);
    expect(rankScore([5, 5], [5, 5])).toBe(0);
  });

  test("five slow runs after ten fast ones are, one slow run or a noisy host is not", () => {
    const fast = [100, 110, 105, 98, 120, 101, 99, 130, 104, 108];
    expect(slowdown([...fast, 200, 220, 190, 210, 205])).toEqual({ beforeMs: 104.5, nowMs: 205 });
    expect(slowdown([...fast, 100, 105, 900, 104, 101])).toBeUndefined();
    expect(slowdown([100, 900, 120, 800, 110, 700, 130, 600, 100, 900])).toBeUndefined();
    expect(slowdown([10, 11, 10, 11, 10, 20, 21, 20, 21, 20])).toBeUndefined();
    expect(slowdown([100, 100, 100, 100, 300, 300, 300, 300, 300])).toBeUndefined();
  });
});
