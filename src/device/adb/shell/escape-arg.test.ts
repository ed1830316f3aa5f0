import { execFileSync } from "node:child_process";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { escapeArg, escapeCommand } from "./escape-arg.js";

/** Shells of this host that read words as those of devices do. */
const shells = [
  ["sh", "-c"],
  ["bash", "-c"],
  ["busybox", "sh", "-c"],
  ["dash", "-c"],
  ["mksh", "-c"],
].filter(([file = "", ...args]) => {
  try {
    execFileSync(file, [...args, "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
});

/** What a program gets when the shell runs the escaped words. */
function readBack(shell: readonly string[], words: readonly string[]): readonly string[] {
  const [file = "", ...args] = shell;
  const command = escapeCommand([
    process.execPath,
    "-e",
    "process.stdout.write(JSON.stringify(process.argv.slice(1)))",
    "--",
    ...words,
  ]);
  return JSON.parse(execFileSync(file, [...args, command], { encoding: "utf8" })) as string[];
}

const awkward = [
  "",
  " ",
  "'",
  "''",
  "it's",
  '"double"',
  "$HOME",
  "`id`",
  "$(id)",
  "\\",
  "\\'",
  "a\nb",
  "\ttab\r",
  "*",
  "?[a-z]",
  "~",
  "~root",
  "#comment",
  "!history",
  "a;b|c&d",
  ">file",
  "{a,b}",
  "A=B",
  "if",
  "time",
  "-n",
  "--",
  "é ü 漢 😀",
  "\u0001\u007f",
];

describe.each(shells)("%s %s", (...shell) => {
  test("passes on unusual arguments unchanged", () => {
    expect(readBack(shell, awkward)).toEqual(awkward);
  });
});

test("any arguments come back unchanged", () => {
  const words = fc.array(
    fc.string({ unit: "binary" }).filter((word) => !word.includes("\0")),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(words, (given) => {
      const script = escapeCommand(["printf", "%s\\0", ...given, "end"]);
      const output = execFileSync("sh", ["-c", script], { encoding: "utf8" });
      expect(output).toBe([...given, "end", ""].join("\0"));
    }),
    { numRuns: 60 },
  );
});

test("a reserved word in the place of the program is a program, not syntax", () => {
  expect(() => execFileSync("sh", ["-c", escapeCommand(["if", "true"])], { stdio: "pipe" })).toThrow(/not found/);
});

test("an assignment in the place of the program is a program, too", () => {
  expect(() => execFileSync("sh", ["-c", `${escapeCommand(["A=B"])} && echo assigned`], { stdio: "pipe" })).toThrow(
    /not found/,
  );
});

test.each(["ls", "/data/local/tmp/a-b_c.d", "--mem", "50%", "user@host", "a:b,c+d"])("%s stays readable", (word) => {
  expect(escapeArg(word)).toBe(word);
});

test("a NUL is refused, no shell could pass it on", () => {
  expect(() => escapeArg("a\0b")).toThrow(/NUL/);
});

test("a command that is too long for adb is refused with a hint", () => {
  expect(() => escapeCommand(["echo", "x".repeat(70_000)])).toThrow(/push a file/);
});

test("an empty command is refused", () => {
  expect(() => escapeCommand([])).toThrow(/needs a program/);
});
