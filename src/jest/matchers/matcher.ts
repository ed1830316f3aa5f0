/** What our matchers share. They run in the environment's realm, so that a suite's fake timers do not stop them. */
import { UsageError } from "../../base/errors.js";
import { VirtualMachine } from "../../virtualmachine/index.js";

/** The part of Jest's matcher context that is used here. */
export interface MatcherThis {
  readonly isNot?: boolean;
  readonly equals: (a: unknown, b: unknown) => boolean;
  readonly utils: {
    matcherHint(name: string, received?: string, expected?: string, options?: { readonly isNot?: boolean }): string;
    printReceived(value: unknown): string;
    printExpected(value: unknown): string;
    printDiffOrStringify(
      expected: unknown,
      received: unknown,
      expectedLabel: string,
      receivedLabel: string,
      expand: boolean,
    ): string;
  };
}

export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
  /** The error that says who has to act, for the class of the failure. */
  readonly cause?: unknown;
}

/** `expect(vm).not.toPrint(/x/)`, then the rest of the message. */
export function hint(context: MatcherThis, name: string, expected: string): string {
  return context.utils.matcherHint(name, "vm", expected, { isNot: context.isNot === true });
}

/** @throws UsageError for anything that is not a VM of ours */
export function requireVm(received: unknown, matcher: string): VirtualMachine {
  if (received instanceof VirtualMachine) return received;
  const isPromise = typeof received === "object" && received !== null && "then" in received;
  throw new UsageError("NOT_A_VM", `expect(…).${matcher}() takes a VirtualMachine, got ${describeValue(received)}.`, {
    hint: isPromise ? "await the call that makes the VM first" : undefined,
  });
}

function describeValue(value: unknown): string {
  if (value === null || typeof value !== "object") return `${typeof value} ${String(value)}`;
  return `an object of class ${(value as { constructor?: { name?: string } }).constructor?.name ?? "?"}`;
}
