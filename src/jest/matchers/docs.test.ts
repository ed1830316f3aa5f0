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

test.each([
  ["docs/matchers.md", /^\| `(to\w+)\(/gm],
  ["README.md", /^\| `(?:await )?expect\(\w+\)\.(to\w+)\(/gm],
])("every matcher is in the table of %s, and none that does not exist", (path, row) => {
  const named = [...read(path).matchAll(row)].map(([, name]) => name);
  expect(named.sort()).toEqual(Object.keys(matchers).sort());
});
