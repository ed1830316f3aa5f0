/** The results of KTAP output as a flat list: each test that has no subtests, by its names from the outside to the inside. */
import type { KtapDocument, KtapProblem, KtapReport, KtapStatus, KtapTest } from "./model.js";

export interface KtapCase {
  readonly names: readonly string[];
  readonly status: KtapStatus;
  readonly reason: string | undefined;
  readonly diagnostics: readonly string[];
  readonly omittedDiagnostics: number;
}

export type KtapCounts = Readonly<Record<KtapStatus, number>>;

/** What has neither passed nor was it meant to fail. */
export function isFailure({ status }: { readonly status: KtapStatus }): boolean {
  return status === "failed" || status === "missing";
}

/**
 * In the order of the output. A test with subtests is a case of its own only where it failed and none of them did. Results
 * that are missing, and what is wrong with the output, are cases too: nothing that failed is without one.
 */
export function ktapCases(report: KtapReport): readonly KtapCase[] {
  const cases: KtapCase[] = [];
  for (const document of report.documents) addDocument(document, cases);
  if (report.documents.length === 0 && report.runnerError !== undefined) {
    cases.push(failed([report.runnerError], report.runnerError));
  }
  if (report.omittedDocuments > 0) {
    cases.push(failed(["limits"], `${report.omittedDocuments} more documents began, and were not read`));
  }
  return cases;
}

export function countCases(cases: readonly KtapCase[]): KtapCounts {
  const counts = { passed: 0, failed: 0, skipped: 0, "expected-failure": 0, todo: 0, missing: 0 };
  for (const { status } of cases) counts[status]++;
  return counts;
}

/** `3 passed, 1 failed, 2 skipped`; without those that there are none of. */
export function countsText(counts: KtapCounts): string {
  const words: Readonly<Record<KtapStatus, string>> = {
    ...{ passed: "passed", failed: "failed", missing: "without a result", skipped: "skipped" },
    ...{ "expected-failure": "failed as expected", todo: "to do" },
  };
  const parts = Object.entries(words).flatMap(([status, word]) => {
    const count = counts[status as KtapStatus];
    return count === 0 ? [] : [`${count} ${word}`];
  });
  return parts.length === 0 ? "no tests" : parts.join(", ");
}

/** `suite › case` */
export function caseName({ names }: Pick<KtapCase, "names">): string {
  return names.join(" › ");
}

function addDocument({ tests, plan, skipReason, problems, diagnostics }: KtapDocument, cases: KtapCase[]): void {
  for (const test of tests) addTest(test, [], cases);
  addMissing(plan, tests.length, [], diagnostics, cases);
  if (skipReason !== undefined && tests.length === 0) {
    cases.push({ ...failed(["all tests"], skipReason || undefined), status: "skipped" });
  }
  addProblems(problems, [], cases);
}

function addTest(test: KtapTest, outer: readonly string[], cases: KtapCase[]): void {
  const names = [...outer, test.name];
  const before = cases.length;
  for (const subtest of test.tests) addTest(subtest, names, cases);
  const hasSubtests = test.tests.length > 0;
  const isUnfinished = test.plan !== undefined && test.plan > test.tests.length;
  if (isUnfinished) addMissing(test.plan, test.tests.length, names, test.diagnostics, cases);
  addProblems(test.problems, names, cases);
  const { status, reason, diagnostics, omittedDiagnostics } = test;
  const own: KtapCase = { names, status, reason, diagnostics, omittedDiagnostics };
  if (!hasSubtests && !isUnfinished) {
    // Its problem is that it has no result, which it tells itself.
    cases.length = before;
    cases.push(own);
    addProblems(
      test.problems.filter(({ kind }) => kind !== "no-result-line"),
      names,
      cases,
    );
  } else if (isFailure(test) && !failedSince(cases, before)) cases.push(own);
}

function failedSince(cases: readonly KtapCase[], before: number): boolean {
  for (let index = before; index < cases.length; index++) if (isFailure(cases[index]!)) return true;
  return false;
}

/** One for all of a gap: how many there were to be is only a number that was printed. */
function addMissing(
  plan: number | undefined,
  count: number,
  outer: readonly string[],
  diagnostics: readonly string[],
  cases: KtapCase[],
): void {
  if (plan === undefined || plan <= count) return;
  const which = plan === count + 1 ? `test ${plan}` : `tests ${count + 1} to ${plan}`;
  const reason = plan === count + 1 ? "it was planned and has no result" : "they were planned and have no result";
  cases.push({ names: [...outer, which], status: "missing", reason, diagnostics, omittedDiagnostics: 0 });
}

/** Missing results are cases already. */
function addProblems(problems: readonly KtapProblem[], outer: readonly string[], cases: KtapCase[]): void {
  for (const { kind, fatal, text } of problems) {
    if (fatal && kind !== "missing-results") cases.push(failed([...outer, PROBLEM_NAMES[kind]], text));
  }
}

const PROBLEM_NAMES: Readonly<Record<KtapProblem["kind"], string>> = {
  "bail-out": "Bail out!",
  interrupted: "end of the output",
  "missing-results": "plan",
  "no-result-line": "result line",
  "no-tests": "plan",
  numbering: "numbering",
  "over-limit": "limits",
  "too-many-results": "plan",
  "unknown-version": "version",
};

function failed(names: readonly string[], reason: string | undefined): KtapCase {
  return { names, status: "failed", reason, diagnostics: [], omittedDiagnostics: 0 };
}
