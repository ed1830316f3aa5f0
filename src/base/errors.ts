/**
 * Errors of the harness. They carry a brand instead of relying on `instanceof`, because Jest runs suites in a realm of
 * their own where our classes are other objects (jestjs/jest#2549).
 */
import type { ErrorCode } from "./error-codes.js";
import { printable, printableLine, shortened } from "./printable.js";

/** Who has to act: the suite's author, the owner of the VM under test, that of the lab, or the test alone. */
export type FailureKind = "usage" | "vm" | "infrastructure" | "expectation";

export interface HarnessErrorOptions {
  readonly cause?: unknown;
  /** What else is known: a sentence each, behind the message. */
  readonly details?: readonly string[] | undefined;
  /** What to try next; a command when there is one. */
  readonly hint?: string | undefined;
  /** Last lines of output that explain the failure. */
  readonly lastLines?: readonly string[] | undefined;
}

const brand = Symbol.for("jest-avf.error");

/** Root of all errors thrown on purpose. `message` holds everything; `shortMessage` the first sentence only. */
export class HarnessError extends Error {
  readonly [brand]: readonly string[];
  readonly shortMessage: string;
  readonly hint: string | undefined;
  readonly lastLines: readonly string[];

  constructor(
    readonly kind: FailureKind,
    /** Stable upper-case name of this failure, e.g. `VM_DIED`: docs/errors.md has them all. */
    readonly code: ErrorCode | (string & {}),
    message: string,
    options: HarnessErrorOptions = {},
  ) {
    super(composeMessage(message, options), options.cause === undefined ? undefined : { cause: options.cause });
    this.shortMessage = shownPart(message);
    this.hint = options.hint;
    this.lastLines = options.lastLines ?? [];
    this.name = new.target.name;
    this[brand] = classNames(new.target);
  }

  /** Works across realms: compares the class names that the error was branded with. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    return isHarnessError(value) && value[brand].includes(this.name);
  }
}

/** The caller asked for something that cannot be: bad argument, wrong order, missing option. */
export class UsageError extends HarnessError {
  constructor(code: string, message: string, options?: HarnessErrorOptions) {
    super("usage", code, message, options);
  }
}

/** Host, device, network or tool failed: the lab is broken, not the test. */
export class InfrastructureError extends HarnessError {
  constructor(code: string, message: string, options?: HarnessErrorOptions) {
    super("infrastructure", code, message, options);
  }
}

/** A deadline of ours passed. Whose fault that is depends on what was waited for; unless told, the lab's. */
export class TimeoutError extends HarnessError {
  constructor(code: string, message: string, options?: HarnessErrorOptions, kind: FailureKind = "infrastructure") {
    super(kind, code, message, options);
  }
}

export function isHarnessError(value: unknown): value is HarnessError {
  return typeof value === "object" && value !== null && brand in value;
}

/** Also one of a suite's realm, whose `Error` is another than ours. */
export function isError(value: unknown): value is Error {
  return typeof value === "object" && value !== null && "message" in value && typeof value.message === "string";
}

/** Text of anything thrown, for places that must not throw again. */
export function describeError(error: unknown): string {
  try {
    return isError(error) ? error.message : String(error);
  } catch {
    // Without a prototype, or with a `toString` or a getter of its own that throws.
    return Object.prototype.toString.call(error);
  }
}

/** Parts of a message may quote devices and guests, which say as much as they like. */
const MAX_PART = 8_000;
const MAX_LINE = 1_000;

function composeMessage(message: string, { details = [], hint, lastLines = [] }: HarnessErrorOptions): string {
  const parts = [message, ...details].map(shownPart);
  if (hint) parts.push(`Hint: ${shownPart(hint)}`);
  const lines = lastLines.map((line) => `  ${printableLine(shortened(line, MAX_LINE))}`);
  if (lines.length > 0) parts.push(`Last output:\n${lines.join("\n")}`);
  return parts.join("\n");
}

/** Fit for a terminal. */
function shownPart(text: string): string {
  return printable(shortened(text, MAX_PART));
}

function classNames(constructor: { readonly name: string }): readonly string[] {
  const names: string[] = [];
  for (let current: unknown = constructor; typeof current === "function"; current = Object.getPrototypeOf(current)) {
    if (current.name) names.push(current.name);
  }
  return names;
}
