import { expect, test } from "@jest/globals";
import { parseProperties } from "./properties.js";

test("reads names and values, empty ones, brackets and line breaks in values", () => {
  const text = [
    "[ro.build.version.sdk]: [35]",
    "[ro.empty]: []",
    "[odd.brackets]: [a] and [b]]",
    "[two.lines]: [first",
    "second]",
    "[like.another]: [x]: [y]",
    "[last]: [end]",
    "",
  ].join("\n");
  expect([...parseProperties(text)]).toEqual([
    ["ro.build.version.sdk", "35"],
    ["ro.empty", ""],
    ["odd.brackets", "a] and [b]"],
    ["two.lines", "first\nsecond"],
    ["like.another", "x]: [y"],
    ["last", "end"],
  ]);
});

test("reads lines that end as on a terminal", () => {
  expect([...parseProperties("[a]: [1]\r\n[b]: [2]\r\n")]).toEqual([
    ["a", "1"],
    ["b", "2"],
  ]);
});

test("finds nothing in other text", () => {
  expect(parseProperties("getprop: not found\n").size).toBe(0);
});
