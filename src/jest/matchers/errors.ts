/**
 * `toRejectWithCode`, `toRejectWithKind`: failures by their stable code, and by who has to act. `instanceof` cannot tell
 * them, for suites have a realm of their own.
 */
import { describeError, isHarnessError, UsageError, type FailureKind } from "../../base/errors.js";
import type { MatcherResult, MatcherThis } from "./matcher.js";

/** Takes a promise, or a function that throws or returns one. */
export async function toRejectWithCode(this: MatcherThis, received: unknown, code: string): Promise<MatcherResult> {
  if (typeof code !== "string") throw new UsageError("BAD_CODE", 'toRejectWithCode() takes a code such as "VM_DIED".');
  const hint = this.utils.matcherHint("toRejectWithCode", "call", this.utils.printExpected(code), {
    isNot: this.isNot === true,
  });
  const outcome = await settle(received);
  if (!outcome.rejected) {
    const message = (): string => `${hint}\n\nIt did not fail; it gave ${this.utils.printReceived(outcome.value)}.`;
    return { pass: false, message };
  }
  const error = outcome.value;
  const actual = hasCode(error) && typeof error.code === "string" ? error.code : undefined;
  const failed = actual === undefined ? "It failed with an error that has no code:" : `It failed with code ${actual}:`;
  const message = (): string => `${hint}\n\n${failed}\n  ${describeError(error)}`;
  return { pass: actual === code, message, cause: ofLab(error) };
}

const KINDS: readonly FailureKind[] = ["usage", "vm", "infrastructure", "expectation"];

/** Takes what `toRejectWithCode` takes; with a code, both must be right. */
export async function toRejectWithKind(
  this: MatcherThis,
  received: unknown,
  kind: FailureKind,
  code?: string,
): Promise<MatcherResult> {
  if (!KINDS.includes(kind)) {
    throw new UsageError("BAD_KIND", `There is no kind of failure "${String(kind)}"; there are ${KINDS.join(", ")}.`);
  }
  const expected = code === undefined ? kind : `${kind}, ${code}`;
  const hint = this.utils.matcherHint("toRejectWithKind", "call", this.utils.printExpected(expected), {
    isNot: this.isNot === true,
  });
  const outcome = await settle(received);
  if (!outcome.rejected) {
    const message = (): string => `${hint}\n\nIt did not fail; it gave ${this.utils.printReceived(outcome.value)}.`;
    return { pass: false, message };
  }
  const error = outcome.value;
  if (!isHarnessError(error)) {
    const message = (): string => `${hint}\n\nIt failed with an error that is none of ours:\n  ${describeError(error)}`;
    return { pass: false, message };
  }
  const message = (): string =>
    `${hint}\n\nIt failed with kind ${error.kind}, code ${error.code}:\n  ${describeError(error)}`;
  return { pass: error.kind === kind && (code === undefined || error.code === code), message, cause: ofLab(error) };
}

/** Another failure than the one that was expected is the test's, unless the lab broke meanwhile. */
function ofLab(error: unknown): unknown {
  return isHarnessError(error) && error.kind === "infrastructure" ? error : undefined;
}

async function settle(received: unknown): Promise<{ readonly rejected: boolean; readonly value: unknown }> {
  try {
    const value: unknown = await (typeof received === "function" ? (received as () => unknown)() : received);
    return { rejected: false, value };
  } catch (error) {
    return { rejected: true, value: error };
  }
}

function hasCode(error: unknown): error is { readonly code: unknown } {
  return typeof error === "object" && error !== null && "code" in error;
}
