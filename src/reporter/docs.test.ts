import { expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import { REPORT_FILES } from "./report-files.js";

const read = (path: string): string => readFileSync(join(packageRoot, path), "utf8");

test("README's table of what a run leaves has each report, and what they are made from", () => {
  const [, table = ""] = /\n\| file +\| what it is +\|\n(.*?)\n\n/s.exec(read("README.md")) ?? [];
  const names = [...table.matchAll(/^\| `([^`]+)`/gm)].map(([, name]) => name);
  expect(names).toEqual([...REPORT_FILES, "events-*.jsonl"]);
});

test("docs/ci.md says that a merge has each report", () => {
  const [, list = ""] = /`merged\/` gets\s+(.*?) of all runs/s.exec(read("docs/ci.md")) ?? [];
  expect([...list.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual(REPORT_FILES);
});
