import { expect, test } from "@jest/globals";
import { runInNewContext } from "node:vm";
import { describeError, InfrastructureError } from "../errors.js";

test.each([
  ["an error", new Error("gone"), "gone"],
  ["one of ours, without its class", new InfrastructureError("LAB", "gone"), "gone"],
  ["an error of a suite's realm", runInNewContext('new TypeError("gone")'), "gone"],
  ["a string", "gone", "gone"],
  ["nothing", undefined, "undefined"],
  ["an object without a prototype", Object.create(null), "[object Object]"],
  [
    "an object whose message cannot be read",
    Object.defineProperty({}, "message", {
      get: () => {
        throw new Error("no");
      },
    }),
    "[object Object]",
  ],
])("what is thrown is described: %s", (_what, thrown: unknown, words) => {
  expect(describeError(thrown)).toBe(words);
});
