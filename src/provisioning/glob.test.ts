import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { findFiles } from "./glob.js";

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "avf-glob-"));
  const names = [
    "a.apk",
    "b.apk",
    "a.apk.idsig",
    ".hidden.apk",
    "sub/c.apk",
    "sub/deep/d.apk",
    "node_modules/x/e.apk",
    "odd [1].apk",
    "{x,y}/one.apk",
    "what?/two.apk",
    "x*/three.apk",
    "{p,q}.bin",
    "p.bin",
    "r.bin",
  ];
  for (const name of names) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), "");
  }
  mkdirSync(join(root, "folder.apk"));
  symlinkSync("..", join(root, "sub/up"));
});
afterAll(() => rmSync(root, { recursive: true }));

test.each([
  ["a.apk", ["a.apk"]],
  ["./sub/../a.apk", ["a.apk"]],
  ["*.apk", ["a.apk", "b.apk", "odd [1].apk"]],
  ["?.apk", ["a.apk", "b.apk"]],
  ["{b,a}.apk", ["a.apk", "b.apk"]],
  ["odd [1].*", ["odd [1].apk"]],
  [".*.apk", [".hidden.apk"]],
  [
    "**/*.apk",
    [
      ...["a.apk", "b.apk", "odd [1].apk", "sub/c.apk", "sub/deep/d.apk"],
      ...["what?/two.apk", "x*/three.apk", "{x,y}/one.apk"],
    ],
  ],
  ["{x,y}/one.apk", ["{x,y}/one.apk"]],
  ["{x,y}/*.apk", ["{x,y}/one.apk"]],
  ["{x,y}/{one,two}.apk", ["{x,y}/one.apk"]],
  ["what?/two.apk", ["what?/two.apk"]],
  ["x*/t*.apk", ["x*/three.apk"]],
  ["{p,q}.bin", ["{p,q}.bin"]],
  ["{p,r}.bin", ["p.bin", "r.bin"]],
  ["{sub/,}?.apk", ["a.apk", "b.apk", "sub/c.apk"]],
  ["sub/**/*.apk", ["sub/c.apk", "sub/deep/d.apk"]],
  ["*/deep/*", ["sub/deep/d.apk"]],
  ["sub/**", ["sub/c.apk", "sub/deep/d.apk"]],
  ["sub/{deep,none}/**", ["sub/deep/d.apk"]],
])("%s finds %j", async (pattern, names) => {
  expect((await findFiles(root, pattern)).map((path) => relative(root, path))).toEqual(names);
});

test("an absolute pattern is taken as it is", async () => {
  expect(await findFiles("/nowhere", join(root, "?.apk"))).toEqual([join(root, "a.apk"), join(root, "b.apk")]);
});

test.each(["{x,y}/one.apk", "{x,y}/*.apk", "what?/two.apk", "x*/three.apk", "{p,q}.bin"])(
  "an absolute path through a folder with such characters is found: %s",
  async (pattern) => {
    expect(await findFiles("/nowhere", join(root, pattern))).toHaveLength(1);
  },
);

test.each([
  ["none.apk", /there is no such file/],
  ["folder.apk", /is not a file/],
  ["x*.apk", /no file matches/],
  ["none/*.apk", /no file matches/],
])("%s is refused with where it was looked for", async (pattern, message) => {
  await expect(findFiles(root, pattern)).rejects.toMatchObject({
    kind: "usage",
    message: expect.stringMatching(message),
    hint: expect.stringContaining(root),
  });
});
