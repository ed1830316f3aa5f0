/** Jest's `expect`, with each call of a matcher noted in the run's record. */
import { readBridge } from "../bridge.js";
import type { JestGlobals } from "./jest-globals.js";

type Expect = JestGlobals["expect"];
type Matcher = (...expected: readonly unknown[]) => unknown;

/** They find the line to write to by the frame that called them, which must be the suite's own. */
const INLINE_SNAPSHOTS = ["toMatchInlineSnapshot", "toThrowErrorMatchingInlineSnapshot"];
const MODIFIERS = ["not", "resolves", "rejects"];

export function recordedExpect(expect: Expect): Expect {
  return new Proxy(expect, {
    apply: (target, _self, [received, ...more]: unknown[]) => {
      const matchers = (target as (...args: unknown[]) => object)(received, ...more);
      return watched(matchers, received, []);
    },
  });
}

function watched(matchers: object, received: unknown, modifiers: readonly string[]): object {
  return new Proxy(matchers, {
    get: (target, name): unknown => {
      const value: unknown = Reflect.get(target, name);
      if (typeof name !== "string") return value;
      if (MODIFIERS.includes(name) && typeof value === "object" && value !== null) {
        return watched(value, received, [...modifiers, name]);
      }
      if (typeof value !== "function" || INLINE_SNAPSHOTS.includes(name)) return value;
      return (...expected: readonly unknown[]) =>
        noted(() => (value as Matcher)(...expected), { matcher: name, modifiers, received, expected });
    },
  });
}

function noted(work: () => unknown, call: Parameters<ReturnType<typeof readBridge>["noteAssertion"]>[0]): unknown {
  const end = readBridge().noteAssertion(call);
  let result: unknown;
  try {
    result = work();
  } catch (error) {
    end({ error });
    throw error;
  }
  if (!isPromise(result)) {
    end();
    return result;
  }
  const site = new Error("call site");
  // What is handed on is the promise behind the note: one that is not awaited is still reported as unhandled.
  return result.then(
    (value) => {
      end();
      return value;
    },
    (error: unknown) => {
      throw end({ error, site });
    },
  );
}

function isPromise(value: unknown): value is Promise<unknown> {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}
