/** Jest's `test`, `describe`, `expect`… of the file that runs, also where a project sets `injectGlobals: false`. */
import { UsageError } from "../../base/errors.js";

declare const require: (name: string) => unknown;

export type JestGlobals = typeof import("@jest/globals");

/** @throws UsageError where no test file runs */
export function jestGlobals(): JestGlobals {
  try {
    // Jest answers this name itself, inside its sandbox only; a static import would fail with words that help nobody.
    return require("@jest/globals") as JestGlobals;
  } catch (cause) {
    throw new UsageError("OUTSIDE_JEST", `"jest-avf" can be imported by test files only.`, {
      cause,
      hint: 'in a Node program import "jest-avf/node"',
    });
  }
}
