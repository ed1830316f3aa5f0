import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { matchers } from "./index.js";

const read = (path: string): string => readFileSync(join(packageRoot, path), "utf8");
const page = read("docs/matchers.md");
/** Indentation does not count. */
const flat = (text: string): string =>
  text
    .split("\n")
    .map((line) => line.trim())
    .join("\n");

test("every example of docs/matchers.md is run by suites/matchers.test.ts", () => {
  const suite = flat(read("suites/matchers.test.ts"));
  const examples = [...page.matchAll(/^```ts\n([^]*?)^```/gm)].flatMap(([, code = ""]) =>
    flat(code).trim().split("\n\n"),
  );
  expect(examples.length).toBeGreaterThan(8);
  expect(examples.filter((example) => !suite.includes(example))).toEqual([]);
});

test("every matcher is in docs/matchers.md, and none that does not exist", () => {
  const named = [...page.matchAll(/^\| `(to\w+)\(/gm)].map(([, name]) => name);
  expect([...new Set(named)].sort()).toEqual(Object.keys(matchers).sort());
});
