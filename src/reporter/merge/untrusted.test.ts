import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { XMLValidator } from "fast-xml-parser";
import { EvidenceCopier } from "./copy-evidence.js";
import { mergeRuns, type MergedReports } from "./merge-runs.js";
import { makeRun, type MadeRun, type MadeTest } from "./testing/made-runs.js";

let folder: string;
beforeEach(() => void (folder = realpathSync(mkdtempSync(join(tmpdir(), "avf-merge-")))));
afterEach(() => rmSync(folder, { recursive: true }));

const out = (): string => join(folder, "merged");
const merge = (...folders: readonly string[]): MergedReports => mergeRuns(folders, out());
const read = (name: string): string => readFileSync(join(out(), name), "utf8");

function run(name: string, made: Partial<MadeRun> & { readonly tests: readonly MadeTest[] }): string {
  const path = join(folder, name);
  makeRun(path, { id: `id of ${name}`, host: `host-${name}`, wallMs: Date.UTC(2026, 0, 1), ...made });
  return path;
}

describe("a run of another machine", () => {
  const SECRET = "of somebody else";

  test("names nothing outside of itself, and no link of it is followed", () => {
    writeFileSync(join(folder, "secret"), SECRET);
    const evidence = ["../secret", "..", "/etc", folder, "link", "real", ".", "real/../../secret"];
    const tests = evidence.map((path, at): MadeTest => ({
      file: `${at}.test.ts`,
      name: "t",
      status: "failed",
      evidence: path,
    }));
    const one = run("one", { tests });
    symlinkSync(folder, join(one, "link"));
    mkdirSync(join(one, "real/inner"), { recursive: true });
    writeFileSync(join(one, "real/inner/console.txt"), "Hello");
    symlinkSync(join(folder, "secret"), join(one, "real/secret"));
    symlinkSync(folder, join(one, "real/folder"));
    symlinkSync(join(folder, "secret"), join(one, "events-1.jsonl"));
    spawnSync("mkfifo", [join(one, "events-2.jsonl"), join(one, "real/pipe")]);
    const merged = merge(one);
    expect(merged.problems).toEqual([]);
    const copied = readdirSync(join(out(), "runs"), { recursive: true, encoding: "utf8" }).sort();
    expect(copied).toEqual(["1", "1/real", "1/real/inner", "1/real/inner/console.txt"]);
    for (const name of merged.files) expect(read(name)).not.toContain(SECRET);
  });

  test("takes no more space than its limit", () => {
    const from = join(folder, "saved");
    mkdirSync(from);
    for (const name of ["a", "b", "c"]) writeFileSync(join(from, name), "x".repeat(10));
    const copier = new EvidenceCopier({ files: 10, bytes: 15 });
    expect(copier.copy(folder, from, ["a", "b", "c"], out())).toEqual(["a", "b"]);
    expect(copier.notes()).toEqual(["1 more saved files were left out: see the runs themselves."]);
  });

  test("may hold any JSON in place of events, and any text in place of names", () => {
    const hostile = `</script><script>alert(1)</script> & " ]]> \u0000`;
    const values = [1e300, -1e300, null, {}, [], "x", true, [1]];
    const kinds = [
      "process-started",
      "run-started",
      "test-start",
      "test-end",
      "test-result",
      "file-result",
      "vm-output",
      "device-leased",
      "vm-transition",
      "step-started",
      "assertion",
      "run-ended",
      "toString",
      "__proto__",
    ];
    const fields = [
      "file",
      "test",
      "status",
      "errors",
      "wallMs",
      "argv",
      "shard",
      "failures",
      "durationMs",
      "project",
      "machine",
      "attempt",
      "skipReason",
      "retries",
    ];
    const more = kinds.flatMap((kind) => [
      ...values.map((value) => ({
        kind,
        atMs: 1_000_010,
        pid: 4242,
        ...Object.fromEntries(fields.map((field) => [field, value])),
      })),
      ...values.map((value) => ({ kind, atMs: value, pid: value })),
    ]);
    const one = run("one", {
      host: hostile,
      tests: [
        { file: `${hostile}.test.ts`, name: hostile, status: "failed" },
        { file: "a.test.ts", name: "passes", status: "passed" },
      ],
      more,
    });
    const merged = merge(one);
    expect(merged.problems).toEqual([]);
    expect(merged.run.tests).toHaveLength(2);
    expect(read("report.html")).not.toContain("<script>alert");
    expect([read("junit.xml"), read("test_result.xml")].map((xml) => XMLValidator.validate(xml))).toEqual([true, true]);
    JSON.parse(read("trace.json"));
  });

  test("that has files of another user is not whole", () => {
    const one = run("one", { tests: [{ file: "a.test.ts", name: "t", status: "passed" }] });
    writeFileSync(join(one, "events-7.jsonl"), "");
    const fs = jest.requireActual<typeof import("node:fs")>("node:fs");
    const { openSync } = fs;
    // Root may read all.
    const refused = jest.spyOn(fs, "openSync").mockImplementation((path, ...rest) => {
      if (String(path).endsWith("events-7.jsonl")) throw new Error("EACCES: permission denied");
      return openSync(path, ...rest);
    });
    const { missing } = merge(one);
    refused.mockRestore();
    expect(missing).toEqual([
      expect.stringMatching(/^one on .* is not whole: events-7\.jsonl cannot be read: EACCES: permission denied/),
    ]);
  });

  test("whose first lines are gone is not whole", () => {
    const one = run("one", { tests: [{ file: "a.test.ts", name: "t", status: "passed" }] });
    const [name = ""] = readdirSync(one);
    const lines = readFileSync(join(one, name), "utf8").split("\n");
    writeFileSync(join(one, name), lines.slice(2).join("\n"));
    expect(merge(one).missing).toEqual([expect.stringMatching(/^one has lost its beginning/)]);
  });
});
