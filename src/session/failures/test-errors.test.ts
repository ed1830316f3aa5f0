import { describe, expect, test } from "@jest/globals";
import { join } from "node:path";
import { UsageError } from "../../base/errors.js";
import { packageRoot } from "../../base/paths.js";
import { errorText, forPrinting, pointToTest, thrownError, withNote } from "./test-errors.js";

function errorWith(message: string, ...frames: readonly string[]): Error {
  const error = new Error(message);
  error.stack = [`Error: ${message}`, ...frames.map((frame) => `    at ${frame}`)].join("\n");
  return error;
}

const TEST_FILE = "/project/a.test.ts";
const OWN_FRAME = `run (${join(packageRoot, "dist/session/follower/test-run.js")}:1:2)`;

describe("a note", () => {
  test("goes between message and frames", () => {
    const entry = [errorWith("it broke\nin two lines", `f (${TEST_FILE}:3:4)`), undefined];
    expect(errorText(thrownError(withNote(entry, "Saved somewhere")))).toBe(
      `Error: it broke\nin two lines\n\nSaved somewhere\n    at f (${TEST_FILE}:3:4)`,
    );
  });

  test("makes an error of a text, with the place where the test was declared", () => {
    const declared = errorWith("", OWN_FRAME, `Object.<anonymous> (${TEST_FILE}:1:1)`);
    const text = errorText(thrownError(withNote(["Exceeded timeout of 5 ms", declared], "It was waiting.")));
    expect(text).toBe(`Exceeded timeout of 5 ms\n\nIt was waiting.\n    at Object.<anonymous> (${TEST_FILE}:1:1)`);
  });

  test.each([
    [undefined, "undefined"],
    [null, "null"],
    [42n, "42n"],
    [Symbol("s"), "Symbol(s)"],
    [{ code: 1 }, "{ code: 1 }"],
    [Object.create(null), "[Object: null prototype] {}"],
  ])("goes to an error that says that %p was thrown", (thrown: unknown, shown) => {
    const declared = errorWith("", OWN_FRAME, `Object.<anonymous> (${TEST_FILE}:1:1)`);
    const text = errorText(thrownError(withNote([thrown, declared], "note")));
    expect(text).toBe(`thrown: ${shown}\n\nnote\n    at Object.<anonymous> (${TEST_FILE}:1:1)`);
  });

  test("goes to a copy of what is frozen", () => {
    const frozen = Object.freeze(errorWith("frozen", `f (${TEST_FILE}:3:4)`));
    const noted = thrownError(withNote([frozen], "note"));
    expect([errorText(noted), frozen.message]).toEqual([
      `Error: frozen\n\nnote\n    at f (${TEST_FILE}:3:4)`,
      "frozen",
    ]);
    expect(noted).toBeInstanceOf(Error);
  });
});

describe("frames", () => {
  test("of this package are left out", () => {
    const error = errorWith("x", OWN_FRAME, `f (${TEST_FILE}:3:4)`, `g (${join(packageRoot, "src/device/a.ts")}:1:1)`);
    pointToTest(error, TEST_FILE);
    expect(error.stack).toBe(`Error: x\n    at f (${TEST_FILE}:3:4)`);
  });

  test("of the declaration stand in where none of the test are left", () => {
    const error = errorWith("x", OWN_FRAME);
    pointToTest([error, errorWith("", OWN_FRAME, `Object.<anonymous> (${TEST_FILE}:1:1)`)], TEST_FILE);
    expect(error.stack).toBe(`Error: x\n    at Object.<anonymous> (${TEST_FILE}:1:1)`);
  });
});

describe("an error outside of tests", () => {
  test("is a sentence without frames when it is ours, and whole otherwise", () => {
    const ours = forPrinting(new UsageError("X", "That cannot be.", { hint: "try this" })) as Error;
    expect(ours.stack).toBe("UsageError: That cannot be.\nHint: try this");
    const other = errorWith("defect", OWN_FRAME);
    expect((forPrinting(other) as Error).stack).toContain("test-run.js");
  });
});
