import { execFileSync } from "node:child_process";
import { expect, test } from "@jest/globals";
import { quoted } from "./quoted.js";

test.each([
  "/home/user/.cache",
  "/home/user/my project",
  "/a/it's",
  "/a/$HOME/`x`",
  "/a/größe",
  "/a;b&c|d",
  "/a\n/b",
  "~/x",
  "",
])("a shell reads %j as one word, which is that path", (path) => {
  expect(execFileSync("/bin/sh", ["-c", `printf '<%s>' ${quoted(path)}`], { encoding: "utf8" })).toBe(`<${path}>`);
});

test("what needs no quotes has none", () => {
  expect(quoted("/home/user/.cache/jest-avf:1")).toBe("/home/user/.cache/jest-avf:1");
});
