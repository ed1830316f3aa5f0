import { afterAll, beforeEach, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { importedFiles, suiteKey } from "./suite-key.js";

const rootDir = mkdtempSync(join(tmpdir(), "avf-suite-key-"));
const path = (name: string): string => join(rootDir, name);
const write = (name: string, text: string): void => writeFileSync(path(name), text);
const key = (): Promise<string> =>
  suiteKey({ rootDir, file: path("a.test.ts"), apks: ["*.apk"], androidTest: undefined });

beforeEach(() => {
  mkdirSync(path("lib"), { recursive: true });
  write(
    "a.test.ts",
    'import { test } from "jest-avf";\nimport { help } from "./lib/help.js";\nimport data from "./data.json";\n',
  );
  write("lib/help.ts", 'export * from "../again.js";\nconst more = require("./more");\n');
  write("lib/more.js", "module.exports = 1;\n");
  write("again.ts", 'import "./a.test";\nimport missing from "./not-there";\n');
  write("data.json", "{}");
  write("unrelated.ts", "");
  write("app.apk", "APK");
});
afterAll(() => rmSync(rootDir, { recursive: true }));

test("imports are followed from file to file, packages are not", () => {
  const names = importedFiles(path("a.test.ts")).map((file) => file.slice(rootDir.length + 1));
  expect([...names].sort()).toEqual(["a.test.ts", "again.ts", "data.json", "lib/help.ts", "lib/more.js"]);
});

test("the key stays as long as all of it does", async () => {
  const before = await key();
  write("unrelated.ts", "changed");
  expect(await key()).toBe(before);
});

test.each(["a.test.ts", "again.ts", "data.json", "lib/help.ts", "lib/more.js", "app.apk"])(
  "a change of %s is another key",
  async (name) => {
    const before = await key();
    writeFileSync(path(name), " ", { flag: "a" });
    expect(await key()).not.toBe(before);
  },
);

test("an idsig that comes beside an APK is another key", async () => {
  const before = await key();
  write("app.apk.idsig", "IDSIG");
  expect(await key()).not.toBe(before);
  rmSync(path("app.apk.idsig"));
});
