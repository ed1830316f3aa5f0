import { expect, test } from "@jest/globals";
import { rustDebug } from "./rust-debug.js";

// What `println!("{:?}", …)` of Rust 1.95 prints of them.
test.each([
  ["plain text", "a b-ü 日本 😀", String.raw`"a b-ü 日本 😀"`],
  ["quotes and backslashes", `a"b'c\\`, String.raw`"a\"b'c\\"`],
  ["ends of lines and the like", "\n\r\t\0", String.raw`"\n\r\t\0"`],
  ["controls", "\x07\x1b[2J\x7f\x85", String.raw`"\u{7}\u{1b}[2J\u{7f}\u{85}"`],
  ["blanks", "a\u00a0b\u3000", String.raw`"a\u{a0}b\u{3000}"`],
  [
    "what changes the order of text, or is not seen",
    "\u202e\u200b\ufeff\u00ad",
    String.raw`"\u{202e}\u{200b}\u{feff}\u{ad}"`,
  ],
  ["marks", "e\u0301\u200d", String.raw`"e\u{301}\u{200d}"`],
  ["what Unicode has not given out", "\u0378\ue000\u{10ffff}", String.raw`"\u{378}\u{e000}\u{10ffff}"`],
])("%s", (_what, text, printed) => {
  expect(rustDebug(text, '"')).toBe(printed);
});

test("of characters the other quote is escaped", () => {
  expect([..."'\"\\\x1b"].map((character) => rustDebug(character, "'"))).toEqual([
    String.raw`'\''`,
    String.raw`'"'`,
    String.raw`'\\'`,
    String.raw`'\u{1b}'`,
  ]);
});
