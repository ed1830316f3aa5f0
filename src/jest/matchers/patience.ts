/** The options that all waiting matchers share, checked, with the signal of the test that calls. */
import { anySignal } from "../../base/async/shared-signal.js";
import { UsageError } from "../../base/errors.js";
import type { Patience } from "../../virtualmachine/index.js";
import { callSignal } from "../../session/calls/test-context.js";

/** @param isNot negated, a matcher looks at what there was so far unless it is given a time */
export function patienceOf(matcher: string, options: Patience, isNot: boolean | undefined): Patience {
  for (const name of ["timeoutMs", "budgetMs"] as const) checkMs(matcher, name, options[name]);
  const { timeoutMs, budgetMs } = options;
  const soFar = isNot === true && timeoutMs === undefined && budgetMs === undefined;
  return { timeoutMs: soFar ? 0 : timeoutMs, budgetMs, signal: withTestSignal(options.signal) };
}

/** Both the caller's own signal and the end of the test it belongs to. */
export function withTestSignal(own: AbortSignal | undefined): AbortSignal | undefined {
  return anySignal(own, callSignal());
}

/** A test that is over gets no message of a matcher: there is nobody to read it. */
export function throwIfTestOver(): void {
  callSignal()?.throwIfAborted();
}

/** @throws UsageError for what is no time */
export function checkMs(matcher: string, name: string, value: unknown): void {
  if (value === undefined || (typeof value === "number" && value >= 0)) return;
  throw new UsageError("BAD_TIME", `${matcher}(): ${name} takes milliseconds, not ${JSON.stringify(value)}.`);
}

/** Strings and regular expressions; the latter may come from another realm. */
export function checkPattern(matcher: string, pattern: unknown): void {
  if (typeof pattern === "string" || Object.prototype.toString.call(pattern) === "[object RegExp]") return;
  throw new UsageError("BAD_PATTERN", `${matcher}() takes a string or a regular expression.`);
}
