import { describe, expect, test } from "@jest/globals";
import { guestOutput, type GuestOutputOptions } from "./guest-output.js";

/** What a stream gets of bytes that a guest writes in these chunks. */
function given(chunks: readonly (string | Buffer)[], isTTY: boolean, options: GuestOutputOptions = {}): string {
  const bytes: Buffer[] = [];
  const write = (data: string | Uint8Array): boolean => bytes.push(Buffer.from(data)) > 0;
  const output = guestOutput({ isTTY, write }, options);
  for (const chunk of chunks) output.write(Buffer.from(chunk));
  output.end();
  return Buffer.concat(bytes).toString("latin1");
}

const CLIPBOARD = "\u001b]52;c;cm0=\u0007";

describe("what a guest prints", () => {
  test("is shown on a terminal, not executed", () => {
    expect(given([`one${CLIPBOARD}\r\n`, "\u001b[2Jtwo"], true)).toBe("one\\x1b]52;c;cm0=\\x07\n\\x1b[2Jtwo\n");
  });

  test("may act on a terminal with --raw", () => {
    expect(given([`one${CLIPBOARD}\r\n`, "two"], true, { raw: true })).toBe(`one${CLIPBOARD}\r\ntwo`);
  });

  test("keeps its bytes without a terminal", () => {
    const bytes = Buffer.from([0, 0xff, 0x1b, 0x0d, 0x0a, 0xc3]);
    expect(given([bytes], false)).toBe(bytes.toString("latin1"));
  });

  test("goes to a stream that others write to as whole lines", () => {
    const writes: string[] = [];
    const output = guestOutput({ write: (data) => writes.push(String(data)) > 0 }, { shared: true });
    for (const chunk of ["on", "e\ntw", "o\nthr", "ee"]) output.write(Buffer.from(chunk));
    output.end();
    expect(writes).toEqual(["one\n", "two\n", "three\n"]);
  });

  test("is one line on a terminal however long it is", () => {
    expect(given(["x".repeat(200_000), "\n"], true)).toBe(`${"x".repeat(200_000)}\n`);
  });
});
