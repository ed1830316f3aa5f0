import { expect, test } from "@jest/globals";
import { allOf, anyOf } from "./word-list.js";

test("one word stands alone, only the last two are joined by a word", () => {
  expect([[], ["a"], ["a", "b"], ["a", "b", "c"]].map(anyOf)).toEqual(["", "a", "a or b", "a, b or c"]);
  expect(allOf(["a", "b", "c", "d"])).toBe("a, b, c and d");
});
