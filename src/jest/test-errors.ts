/** Changes to the errors of a failed test, as Jest holds them: what is added to their text, which frames are left out. */
import { resolve } from "node:path";
import { describeError, isHarnessError } from "../base/errors.js";
import { packageRoot } from "../base/paths.js";

/** Jest keeps `[error, where it was defined]`, or just an error, or text. */
export type JestError = unknown;

/** The error as it was thrown. */
export function thrownError(entry: JestError): unknown {
  return Array.isArray(entry) ? ((entry as unknown[])[0] ?? (entry as unknown[])[1]) : entry;
}

/** Puts `note` behind the message. What is printed is the stack, so the text goes in there as well. */
export function addNote(entry: JestError, note: string): boolean {
  const error = thrownError(entry);
  if (typeof error !== "object" || error === null || !("message" in error) || typeof error.message !== "string") {
    return false;
  }
  const { message } = error;
  const stack = "stack" in error && typeof error.stack === "string" ? error.stack : "";
  const noted = `${message}\n\n${note}`;
  try {
    const at = message === "" ? -1 : stack.indexOf(message);
    Object.assign(error, { message: noted });
    const head = at < 0 ? stack.search(/\n\s+at /) : at + message.length;
    const split = head < 0 ? stack.length : head;
    Object.assign(error, { stack: `${stack.slice(0, split)}\n\n${note}${stack.slice(split)}` });
    return true;
  } catch {
    return false;
  }
}

/**
 * Leaves frames of this package out of a stack, so that Jest shows the line of the test. Where none of the test's own
 * remain, because the failure came from an event, those of the place where the test was declared are put there.
 */
export function pointToTest(entry: JestError, testFile: string): void {
  const error = thrownError(entry);
  if (typeof error !== "object" || error === null || !("stack" in error) || typeof error.stack !== "string") return;
  const own = resolve(packageRoot, "dist");
  const lines = error.stack.split("\n");
  const kept = lines.filter((line) => !(/^\s+at /.test(line) && line.includes(own)));
  const declared: unknown = Array.isArray(entry) ? (entry as unknown[])[1] : undefined;
  if (!kept.some((line) => /^\s+at /.test(line) && line.includes(testFile)) && declared instanceof Object) {
    const stack = "stack" in declared && typeof declared.stack === "string" ? declared.stack : "";
    kept.push(...stack.split("\n").filter((line) => /^\s+at /.test(line) && line.includes(testFile)));
  }
  try {
    Object.assign(error, { stack: kept.join("\n") });
  } catch {
    // A frozen error keeps its frames.
  }
}

/** Stack of an error, or what there is instead. */
export function errorText(error: unknown): string {
  const stack = typeof error === "object" && error !== null && "stack" in error ? error.stack : undefined;
  return typeof stack === "string" && stack !== "" ? stack : describeError(error);
}

/** For failures outside of tests, of which Jest prints the stack: those of ours are sentences and need no frames. */
export function forPrinting(error: unknown): unknown {
  if (!isHarnessError(error)) return error;
  try {
    Object.assign(error, { stack: `${error.name}: ${error.message}` });
  } catch {
    // A frozen error keeps its frames.
  }
  return error;
}
