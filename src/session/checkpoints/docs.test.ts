import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";

const read = (path: string): string => readFileSync(join(packageRoot, path), "utf8");

test("examples of docs/checkpoints.md are what suites/checkpoints runs", () => {
  const blocks = [...read("docs/checkpoints.md").matchAll(/^```ts\n(.*?)^```$/gms)].map(([, code = ""]) => code);
  const suite = read("suites/checkpoints/two-vms.test.ts");
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  expect(blocks.filter((code) => !suite.includes(code))).toEqual([]);
});
