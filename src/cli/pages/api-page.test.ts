import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import * as library from "../../library.js";
import { STOP_REASONS } from "../../virtualmachine/constants.js";

const page = readFileSync(join(packageRoot, "docs/api.md"), "utf8");
const named = new Set([...page.matchAll(/`([A-Za-z_]+)(?:\([^`]*\))?`/g)].map(([, name]) => name));

test("the page on the API names each value of the library", () => {
  // App is met as a fixture only.
  const missing = Object.keys(library).filter((name) => name !== "App" && !named.has(name));
  expect(missing).toEqual([]);
});

test("and each value that suites import beside those", () => {
  const source = readFileSync(join(packageRoot, "src/index.ts"), "utf8");
  const exported = [...source.matchAll(/^export (?:const|function) (\w+)/gm)].map(([, name = ""]) => name);
  expect(exported.length).toBeGreaterThan(5);
  expect([...exported, "jest"].filter((name) => !named.has(name))).toEqual([]);
});

test("and each reason why a VM ends", () => {
  expect(Object.keys(STOP_REASONS).filter((reason) => !named.has(reason))).toEqual([]);
});
