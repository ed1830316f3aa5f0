/** Changes to the errors of a failed test, as Jest holds them: what is added to their text, which frames are left out. */
import { join } from "node:path";
import { inspect } from "node:util";
import { describeError, isHarnessError, type HarnessError, isError } from "../../base/errors.js";
import { packageRoot } from "../../base/paths.js";
import { printableInColour } from "../../base/printable.js";
import { copyOf, failedCall } from "../rejections/failed-call.js";

/** Jest keeps `[what was thrown, where the test was declared]`, or just an error, or text. */
export type JestError = unknown;

/** What was thrown. */
export function thrownError(entry: JestError): unknown {
  return Array.isArray(entry) ? ((entry as unknown[])[0] ?? (entry as unknown[])[1]) : entry;
}

const MAX_CAUSES = 10;

/** An error of ours, or the one that another was made of: a matcher keeps what it caught beside its message. */
export function harnessErrorBehind(error: unknown): HarnessError | undefined {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof current === "object" && current !== null; depth++) {
    if (isHarnessError(current)) return current;
    const { matcherResult, cause, errors } = current as Readonly<Record<string, unknown>>;
    const behind = typeof matcherResult === "object" && matcherResult !== null ? matcherResult : undefined;
    current =
      (behind as { cause?: unknown } | undefined)?.cause ??
      cause ??
      (Array.isArray(errors) ? (errors as unknown[])[0] : undefined);
  }
  return undefined;
}

/**
 * Jest prints the stack, so `note` goes into that, behind the message. Returns the entry to keep: what was thrown may be
 * text, as Jest's own timeouts are, and becomes an error then.
 */
export function withNote(entry: JestError, note: string): JestError {
  const { error, entry: kept } = asError(entry);
  const { message } = error;
  const stack = error.stack ?? "";
  const at = message === "" ? -1 : stack.indexOf(message);
  const firstFrame = stack.search(FRAMES);
  const head = at >= 0 ? at + message.length : firstFrame < 0 ? stack.length : firstFrame;
  const noted = {
    message: `${message}\n\n${note}`,
    stack: `${stack.slice(0, head)}\n\n${note}${stack.slice(head)}`,
  };
  try {
    Object.assign(error, noted);
    return kept;
  } catch {
    // Frozen, so a copy has the note.
    return [Object.assign(copyOf(error), noted), declaredAt(kept)];
  }
}

/**
 * Leaves frames of this package out of a stack, so that Jest shows the line of the test. Where none of the test's own
 * remain, those of the call that failed are put there, or, because the failure came from an event, those of the place
 * where the test was declared.
 */
export function pointToTest(entry: JestError, testFile: string): void {
  const error = thrownError(entry);
  if (!isError(error) || error.stack === undefined) return;
  const kept = error.stack.split("\n").filter((line) => !isOwnFrame(line));
  if (!kept.some((line) => isFrame(line) && line.includes(testFile))) {
    const ofTest = (lines: readonly string[]): readonly string[] => lines.filter((line) => line.includes(testFile));
    const ofCall = ofTest(framesOf(failedCall(error)?.site));
    kept.push(...(ofCall.length > 0 ? ofCall : ofTest(declaredFrames(entry))));
  }
  try {
    Object.assign(error, { stack: kept.join("\n") });
  } catch {
    // A frozen error keeps its frames.
  }
}

/** What devices and guests said is in many messages, also in those of Jest's own matchers and in causes, which it prints. */
export function showControls(entry: JestError): void {
  let error: unknown = thrownError(entry);
  for (let depth = 0; isError(error) && depth < MAX_CAUSES; depth++) {
    const { message, stack } = error;
    try {
      Object.assign(error, { message: printableInColour(message) });
      if (stack !== undefined) Object.assign(error, { stack: printableInColour(stack) });
    } catch {
      // A frozen error stays as it is.
    }
    error = error.cause;
  }
}

/** The same error for this entry alone; see `copyOf`. */
export function ofItsOwn(entry: JestError): JestError {
  const thrown = thrownError(entry);
  return isError(thrown) ? [copyOf(thrown), declaredAt(entry)] : entry;
}

const FRAMES = /\n\s+at /;
/** Source maps turn the one into the other. */
const OWN_FOLDERS = ["dist/", "src/"].map((folder) => join(packageRoot, folder));

const isFrame = (line: string): boolean => /^\s+at /.test(line);
const isOwnFrame = (line: string): boolean => isFrame(line) && OWN_FOLDERS.some((folder) => line.includes(folder));

/** An entry whose thrown value is an error: where it is none, one that says what was thrown, as Jest puts it. */
export function errorEntry(entry: JestError): JestError {
  return asError(entry).entry;
}

function asError(entry: JestError): { readonly error: Error; readonly entry: JestError } {
  const thrown: unknown = Array.isArray(entry) ? (entry as unknown[])[0] : entry;
  if (isError(thrown)) return { error: thrown, entry };
  const text = typeof thrown === "string" ? thrown : `thrown: ${inspect(thrown, { depth: 3 })}`;
  const error = new Error(text);
  error.stack = [text, ...declaredFrames(entry).filter((line) => !isOwnFrame(line))].join("\n");
  return { error, entry: [error, declaredAt(entry)] };
}

function declaredAt(entry: JestError): unknown {
  return Array.isArray(entry) ? (entry as unknown[])[1] : undefined;
}

function declaredFrames(entry: JestError): readonly string[] {
  return framesOf(declaredAt(entry));
}

function framesOf(error: unknown): readonly string[] {
  return isError(error) ? (error.stack ?? "").split("\n").filter(isFrame) : [];
}

/** Jest's own words when the time of a test or a hook is over. */
export function isJestTimeout(error: unknown): boolean {
  const message = typeof error === "string" ? error : isError(error) ? error.message : "";
  return message.startsWith("Exceeded timeout of ");
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
