/** What a matcher says of KTAP: which sub-tests failed, and what they said. */
import { printable, printableLine } from "../../../base/printable.js";
import { caseName, countCases, countsText, isFailure, type KtapCase } from "../../../ktap/index.js";

/** A screen or two; the reports have the rest. */
const MAX_FAILURES = 20;
const MAX_DIAGNOSTICS = 15;

/** `7 sub-tests: 4 passed, 2 failed, 1 skipped` */
export function summaryOf(cases: readonly KtapCase[]): string {
  const what = cases.length === 1 ? "1 sub-test" : `${cases.length} sub-tests`;
  return `${what}: ${countsText(countCases(cases))}`;
}

/** @param skipped those that were skipped and may not be */
export function describeFailures(cases: readonly KtapCase[], skipped: readonly KtapCase[]): readonly string[] {
  const bad = cases.filter(isFailure);
  const shown = [...bad, ...skipped].slice(0, MAX_FAILURES);
  const left = bad.length + skipped.length - shown.length;
  return [...shown.flatMap(describeCase), ...(left > 0 ? [`… and ${left} more; the reports list them all`] : [])];
}

const WORDS: Readonly<Record<KtapCase["status"], string>> = {
  ...{ failed: "FAILED", missing: "NO RESULT", skipped: "SKIPPED" },
  ...{ passed: "passed", "expected-failure": "failed as expected", todo: "to do" },
};

function describeCase(one: KtapCase): readonly string[] {
  const reason = one.reason === undefined ? "" : `: ${one.reason}`;
  const head = `  ${WORDS[one.status]}  ${printableLine(`${caseName(one)}${reason}`)}`;
  if (!isFailure(one)) return [head];
  const lines = one.diagnostics.slice(-MAX_DIAGNOSTICS);
  const omitted = one.omittedDiagnostics + one.diagnostics.length - lines.length;
  return [
    head,
    ...(omitted > 0 ? [`      … ${omitted} lines before`] : []),
    ...lines.map((line) => `      ${printable(line)}`),
  ];
}
