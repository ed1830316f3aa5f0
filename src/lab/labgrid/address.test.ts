import { expect, test } from "@jest/globals";
import { parseLabgridAddress } from "./address.js";

const parse = (text: string): unknown => parseLabgridAddress(new URL(text));

test.each([
  ["labgrid://lab:1234/?place=shelf-1", { coordinator: "lab:1234", place: "shelf-1", tags: {} }],
  ["labgrid://lab?place=a%20b", { coordinator: "lab:20408", place: "a b", tags: {} }],
  ["labgrid://[::1]:1/?match=tag:board=x", { coordinator: "[::1]:1", tags: { board: "x" } }],
  ["labgrid://lab/?match=tag:board=x&match=tag:os=15", { coordinator: "lab:20408", tags: { board: "x", os: "15" } }],
])("%s", (text, expected) => {
  expect(parse(text)).toEqual(expected);
});

test.each([
  ["labgrid:///?place=a", /names no host/],
  ["labgrid://lab", /says no place/],
  ["labgrid://lab/?place=", /must name one place/],
  ["labgrid://lab/?place=a&place=b", /must name one place/],
  ["labgrid://lab/?place=a&match=tag:os=15", /both a place and a match/],
  ["labgrid://lab/?match=board=x", /match=board=x, which is not tag:KEY=VALUE/],
  ["labgrid://lab/?match=tag:Board=x", /is not tag:KEY=VALUE/],
  ["labgrid://lab/?match=tag:os=15&match=tag:os=16", /two values of one tag/],
  ["labgrid://lab/?place=shelf#1", /has a fragment; # in a name is written %23/],
  ["labgrid://lab/?plase=a", /the parameter "plase"/],
  ["labgrid://lab/x?place=a", /has a path, \/x/],
])("%s is refused", (text, reason) => {
  expect(() => parse(text)).toThrow(reason);
  expect(() => parse(text)).toThrow(/Hint: write labgrid:\/\/HOST:PORT/);
});

test("a password is refused, and not repeated", () => {
  const problem = (() => {
    try {
      return parse("labgrid://anna:secret@lab/?place=a");
    } catch (error) {
      return String(error);
    }
  })();
  expect(problem).toMatch(/has a user or password/);
  expect(problem).not.toMatch(/anna|secret/);
});
