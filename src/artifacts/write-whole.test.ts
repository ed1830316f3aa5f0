import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { writeWhole } from "./write-whole.js";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "avf-whole-"))));
afterEach(() => rmSync(folder, { recursive: true }));

test("a report replaces the previous one, and never writes through a link", () => {
  const report = join(folder, "report.html");
  const victim = join(folder, "of somebody");
  writeFileSync(victim, "theirs");
  symlinkSync(victim, `${report}.${process.pid}.tmp`);
  writeWhole(report, ["one"]);
  rmSync(report);
  symlinkSync(victim, report);
  writeWhole(report, ["two"]);
  expect([readFileSync(report, "utf8"), readFileSync(victim, "utf8")]).toEqual(["two", "theirs"]);
  expect(readdirSync(folder).sort()).toEqual(["of somebody", "report.html"]);
});

test("one that cannot be written leaves what was there, and no half of it", () => {
  const report = join(folder, "report.html");
  mkdirSync(join(report, "in the way"), { recursive: true });
  expect(() => writeWhole(report, ["one"])).toThrow(/EISDIR/);
  expect(readdirSync(folder)).toEqual(["report.html"]);
});
