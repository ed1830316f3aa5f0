import { describe, expect, test } from "@jest/globals";
import { printable, printableInColour, printableLine, shortened, withoutControls } from "./printable.js";

/** Sets the clipboard of terminals that obey it (xterm's control sequences, OSC 52). */
const CLIPBOARD = "\u001b]52;c;cm0gLXJmIH4=\u0007";
/** The same with the 8-bit controls of ECMA-48. */
const CLIPBOARD_8 = "\u009d52;c;cm0gLXJmIH4=\u009c";
/** "Trojan Source" (CVE-2021-42574): a reader sees another order. */
const OVERRIDE = "exit\u202egnp.js\u2066";

const ACTS_ON_TERMINALS = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe("text of a guest", () => {
  test.each([printable, printableLine, withoutControls, printableInColour])(
    "does nothing to a terminal: %p",
    (make) => {
      const characters = Array.from({ length: 0x3000 }, (_value, code) => String.fromCharCode(code));
      const raw = characters.filter((character) => ACTS_ON_TERMINALS.test(make(`a${character}b`)));
      expect(raw).toEqual([]);
      const harmless = characters.filter((character) => !ACTS_ON_TERMINALS.test(character) && character !== "\n");
      expect(harmless.filter((character) => make(`a${character}b`) !== `a${character}b`)).toEqual([]);
      for (const text of [CLIPBOARD, CLIPBOARD_8, OVERRIDE, "\u001b]0;title", "\u001bP1$r\u001b\\"]) {
        expect(make(text)).not.toMatch(ACTS_ON_TERMINALS);
      }
    },
  );

  test("is shown", () => {
    expect(printable(`${CLIPBOARD}\n${OVERRIDE}`)).toBe("\\x1b]52;c;cm0gLXJmIH4=\\x07\nexit\\u202egnp.js\\u2066");
    expect(printable("one\r\r\ntwo\tthree\r")).toBe("one\ntwo\tthree\\x0d");
    expect(printableLine("name\navf: all is well")).toBe("name\\x0aavf: all is well");
    expect(printable("\ud83d\ude00 \ud83d")).toBe("\ud83d\ude00 \\ud83d");
    expect(printable("Größe, 微机, שלום")).toBe("Größe, 微机, שלום");
  });

  test("is shown without its sequences in reports", () => {
    expect(withoutControls(`\u001b[31mred\u001b[0m${CLIPBOARD}${CLIPBOARD_8}\u009b1m.`)).toBe("red.");
    expect(withoutControls(OVERRIDE)).toBe("exit\\u202egnp.js\\u2066");
  });

  test("keeps colours where it may have some, and nothing that hides it", () => {
    expect(printableInColour("\u001b[31m\u001b[1;38;5;12mred\u001b[0m")).toBe(
      "\u001b[31m\u001b[1;38;5;12mred\u001b[0m",
    );
    expect(printableInColour(`\u001b[8mhidden\u001b[2J${CLIPBOARD}`)).not.toContain("\u001b");
  });

  test("is truncated, with its length", () => {
    expect(shortened("abcdef", 6)).toBe("abcdef");
    expect(shortened("abcdefg", 6)).toBe("abcdef… (7 characters)");
    expect(shortened("ab\ud83d\ude00", 3)).toBe("ab… (4 characters)");
  });
});
