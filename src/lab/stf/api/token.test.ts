import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readToken } from "./token.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-stf-"))));
afterEach(() => rmSync(folder, { recursive: true }));

function file(content: string, mode = 0o600): string {
  const path = join(folder, "token");
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

test("STF_TOKEN takes precedence over the file; blanks around either are dropped", () => {
  expect(readToken({ STF_TOKEN: " abc ", STF_TOKEN_FILE: "/nowhere" })).toBe("abc");
  expect(readToken({ STF_TOKEN: "", STF_TOKEN_FILE: file("abc\n") })).toBe("abc");
  expect(readToken({ STF_TOKEN_FILE: file("abc", 0o400) })).toBe("abc");
});

test.each([0o640, 0o604, 0o620, 0o666])("a file of mode %o is refused", (mode) => {
  const path = file("secret", mode);
  expect(() => readToken({ STF_TOKEN_FILE: path })).toThrow(`Others may read the token in ${path}`);
  expect(() => readToken({ STF_TOKEN_FILE: path })).toThrow(`Hint: chmod 600 ${path}`);
  expect(() => readToken({ STF_TOKEN_FILE: path })).not.toThrow(/secret/);
});

test.each([
  ["nothing is set", () => ({}), /no access token for STF/],
  ["the file is not there", () => ({ STF_TOKEN_FILE: join(folder, "x") }), /cannot be read: .*ENOENT/],
  ["it is empty", () => ({ STF_TOKEN_FILE: file("\n") }), /holds nothing/],
  ["a header could not hold it", () => ({ STF_TOKEN: "secret\r\nx: y" }), /something else than a token/],
  ["it has blanks", () => ({ STF_TOKEN: "secret of mine" }), /something else than a token/],
])("%s", (_name, environment, reason) => {
  expect(() => readToken(environment())).toThrow(reason);
  expect(() => readToken(environment())).toThrow(/Hint: make one in STF/);
  expect(() => readToken(environment())).not.toThrow(/secret/);
});

test("a folder is not a file", () => {
  const path = join(folder, "d");
  mkdirSync(path);
  expect(() => readToken({ STF_TOKEN_FILE: path })).toThrow(/which is no file/);
});
