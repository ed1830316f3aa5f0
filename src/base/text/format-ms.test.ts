import { expect, test } from "@jest/globals";
import { formatMs } from "../deadline.js";

test.each([
  [0, "0 ms"],
  [999.4, "999 ms"],
  [999.6, "1.0 s"],
  [59_999, "60.0 s"],
  [119_999, "120.0 s"],
  [120_000, "2 min 0 s"],
  [179_499, "2 min 59 s"],
  [179_500, "3 min 0 s"],
  [3_599_999, "60 min 0 s"],
])("%d ms is written %s", (ms, text) => {
  expect(formatMs(ms)).toBe(text);
});
