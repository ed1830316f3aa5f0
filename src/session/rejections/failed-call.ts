/**
 * Which call an error came from, for the case that nobody awaited it: such an error has no line of the test in its stack,
 * and one that ended with its test says nothing of the call.
 */
import { isHarnessError, UsageError } from "../../base/errors.js";

/** A call of a matcher or of the library, as a test made it. */
interface OpenCall {
  /** `expect(vm1).toPrint("x")`, `run() of VM "vm1"`. */
  readonly what: string;
  /** Its stack shows where the call was made. */
  readonly site: Error;
}

/** The errors that stand in for others, which notes must not change. */
const originals = new WeakMap<object, object>();

/** Enough for helpers between the test and us. */
const SITE_DEPTH = 30;
const failedCalls = new WeakMap<object, OpenCall>();

/** To be called before anything is awaited. */
export function callSite(): Error {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = SITE_DEPTH;
  try {
    return new Error("call site");
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Returns what a call is to fail with: `error`, or, when its test ended meanwhile, one of its own that says so.
 * @param signal of the test that made the call
 */
export function failureOf(call: OpenCall, error: unknown, signal: AbortSignal | undefined): unknown {
  const over: unknown = signal?.aborted === true ? signal.reason : undefined;
  const failure = isTestOver(over) ? endedEarly(over, call) : error;
  if (typeof failure === "object" && failure !== null) failedCalls.set(failure, call);
  return failure;
}

/** The call that failed with this error, the outermost one. */
export function failedCall(error: unknown): OpenCall | undefined {
  return typeof error === "object" && error !== null ? failedCalls.get(originalOf(error)) : undefined;
}

/**
 * The same error, for one test alone: that of a `beforeAll` hook is in the entries of several tests, and notes are written
 * into errors.
 */
export function copyOf(error: Error): Error {
  const { message, stack } = error;
  const copy = Object.create(error, {
    message: { value: message, writable: true, configurable: true },
    stack: { value: stack, writable: true, configurable: true },
  }) as Error;
  originals.set(copy, originalOf(error));
  return copy;
}

export function originalOf(error: object): object {
  return originals.get(error) ?? error;
}

/** The end of the test ended the call. */
export function isTestOver(error: unknown): error is UsageError {
  return isHarnessError(error) && error.code === "TEST_OVER";
}

function endedEarly(over: UsageError, { what }: OpenCall): UsageError {
  const test = over.shortMessage.replace(/ is over; .*$/s, "");
  return new UsageError("TEST_OVER", `${test} ended while ${what} was still open.`, { hint: over.hint });
}
