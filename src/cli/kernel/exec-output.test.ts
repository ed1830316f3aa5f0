import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { execOutput } from "./exec-output.js";

const NONCE = "0123456789abcdef0123456789abcdef";
const begin = `avf-exec ${NONCE} begin\n`;
const exit = (code: number, check = 255 - code): string => `avf-exec ${NONCE} exit ${code} ${check}\n`;

interface Seen {
  readonly code: number | undefined;
  readonly command: string;
  readonly around: string;
}

function read(...chunks: readonly string[]): Seen {
  const texts = { command: "", around: "" };
  const output = execOutput(NONCE, {
    command: (bytes) => void (texts.command += bytes.toString("latin1")),
    around: (bytes) => void (texts.around += bytes.toString("latin1")),
  });
  for (const chunk of chunks) output.write(Buffer.from(chunk, "latin1"));
  output.end();
  return { code: output.exitCode, ...texts };
}

describe("a command's output and exit code", () => {
  test("are separated from what the kernel prints around it", () => {
    const seen = read(`[ 0.1] kernel\n${begin}6.12\nno line end${exit(3)}${exit(3)}${exit(3)}reboot: Power down\n`);
    expect(seen).toEqual({ code: 3, command: "6.12\nno line end", around: "[ 0.1] kernel\nreboot: Power down\n" });
  });

  test("survive a terminal that adds carriage returns", () => {
    expect(read(`${begin.replace("\n", "\r\n")}a\r\n${exit(0).replace("\n", "\r\r\n")}`)).toEqual({
      code: 0,
      command: "a\r\n",
      around: "",
    });
  });

  test("a copy that the kernel wrote into is ignored, the next one counts", () => {
    const broken = exit(7).replace("exit", "ex[ 1.0] usb 1-1\nit");
    expect(read(`${begin}${broken}${exit(7)}`).code).toBe(7);
    // A digit that went astray.
    expect(read(`${begin}${exit(0, 248)}${exit(7)}`).code).toBe(7);
  });

  test.each([
    ["a panic in the middle", `${begin}working\nKernel panic - not syncing: Attempted to kill init!\n`],
    ["an end that is cut", `${begin}${exit(0).slice(0, -1)}`],
    ["marks of another number", begin + exit(0).replace(NONCE, "f".repeat(32))],
    ["nothing", ""],
  ])("%s is not an exit code", (_what, text) => {
    expect(read(text).code).toBeUndefined();
  });

  test("the first end counts, and a second beginning is ignored", () => {
    expect(read(`${begin}a${exit(1)}${begin}b${exit(0)}`)).toMatchObject({ code: 1, command: "a", around: "b" });
  });

  test("in whatever pieces the console comes, all bytes come out once and in order", () => {
    const text = `x avf-exec ${begin}avf-exec ${NONCE.slice(0, 9)}\xff\x00\n${exit(42)}end avf`;
    const whole = read(text);
    expect(whole).toEqual({
      code: 42,
      command: `avf-exec ${NONCE.slice(0, 9)}\xff\x00\n`,
      around: "x avf-exec end avf",
    });
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const places = [0, ...[...cuts].sort((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((end, at) => text.slice(places[at], end));
        expect(read(...pieces)).toEqual(whole);
      }),
      { numRuns: 300 },
    );
  });
});
