import { expect, test } from "@jest/globals";
import { describeMatch, parseStfAddress } from "./address.js";

const parse = (text: string): unknown => {
  const { server, match } = parseStfAddress(new URL(text));
  return { server: server.origin, match };
};

test.each([
  ["stf://stf.example", { server: "https://stf.example", match: {} }],
  ["stf://stf.example:8443/", { server: "https://stf.example:8443", match: {} }],
  ["stf+http://127.0.0.1:7100/?serial=a%20b", { server: "http://127.0.0.1:7100", match: { serial: ["a b"] } }],
  ["stf://[::1]/?sdk=35&serial=A&serial=B", { server: "https://[::1]", match: { sdk: ["35"], serial: ["A", "B"] } }],
])("%s", (text, expected) => {
  expect(parse(text)).toEqual(expected);
});

test.each([
  ["stf:///", /names no host/],
  ["stf://lab/api/v1", /has a path/],
  ["stf://lab/#a", /has a fragment/],
  ["stf://lab/?serail=a", /has the parameter serail, which is none/],
  ["stf://lab/?toString=a", /the parameter toString/],
  ["stf://lab/?serial=", /has serial without a value/],
  ["stf://anna:secret@lab/", /has a user, password or token/],
  ["stf://secret@lab/", /STF_TOKEN_FILE/],
  ["stf://lab/?token=secret", /the parameter token/],
  ["stf://lab/?c3f1secret", /has a parameter, which is none/],
])("%s is refused, and what may be secret not repeated", (text, reason) => {
  expect(() => parse(text)).toThrow(reason);
  expect(() => parse(text)).toThrow(/Hint: write stf:\/\/HOST:PORT\//);
  expect(() => parse(text)).not.toThrow(/secret|anna/);
});

test("a match in words", () => {
  expect(describeMatch({})).toBe("any device");
  expect(describeMatch({ serial: ["A", "B"], sdk: ["35"] })).toBe("a device with serial A or B and sdk 35");
});
