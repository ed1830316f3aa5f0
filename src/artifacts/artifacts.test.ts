import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { asciiName } from "./names.js";
import { createRunFolder, RUN_FOLDER_VARIABLE, runFolder } from "./run-folder.js";
import { RunRecord } from "./run-record.js";

let folder: string;
const saved = { ...process.env };
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "artifacts-"));
  delete process.env["AVF_OUT"];
  delete process.env[RUN_FOLDER_VARIABLE];
});
afterEach(() => {
  rmSync(folder, { recursive: true });
  for (const name of ["AVF_OUT", RUN_FOLDER_VARIABLE]) {
    const value = saved[name];
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  }
});

describe("ASCII names", () => {
  test("a plain name stays", () => {
    expect(asciiName("two-vms.test")).toBe("two-vms.test");
  });

  test.each(["vm1 and vm2 greet", "✗ …", "../../etc/passwd", "..", "Größe", "a".repeat(300), ""])(
    "%j becomes a short safe file name",
    (name) => {
      expect(asciiName(name)).toMatch(/^[a-z0-9_][a-z0-9._-]{0,79}$/);
    },
  );

  test("different names stay different", () => {
    const names = ["a b", "a-b", "a/b", "A b", "✗", "✓", `${"x".repeat(200)}1`, `${"x".repeat(200)}2`];
    expect(new Set(names.map(asciiName)).size).toBe(names.length);
  });
});

describe("run folder", () => {
  test("is made once, shared through the environment, and linked as latest", () => {
    const made = createRunFolder(folder);
    expect(made.startsWith(join(folder, "avf-results"))).toBe(true);
    expect(runFolder(folder)).toBe(made);
    expect(join(folder, "avf-results", readlinkSync(join(folder, "avf-results", "latest")))).toBe(made);
  });

  test("AVF_OUT names another place", () => {
    process.env["AVF_OUT"] = join(folder, "elsewhere");
    expect(runFolder(folder).startsWith(join(folder, "elsewhere"))).toBe(true);
  });

  test("keeps the newest runs and whatever is no run", () => {
    mkdirSync(join(folder, "avf-results", "mine"), { recursive: true });
    const runs = Array.from({ length: 25 }, (_value, day) =>
      createRunFolder(folder, new Date(Date.UTC(2024, 0, day + 1))),
    );
    expect(runs.map((run) => existsSync(run))).toEqual(runs.map((_run, index) => index >= 5));
    expect(existsSync(join(folder, "avf-results", "mine"))).toBe(true);
  });
});

describe("run record", () => {
  const events = (record: RunRecord): unknown[] =>
    readFileSync(record.file, "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as unknown);

  test("writes one JSON object a line, with time and process", () => {
    const record = new RunRecord(folder);
    record.add({ kind: "vm-transition", vm: "vm1", machine: 1, status: "RUNNING" });
    record.add({ kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line: 'Hello\n"Microdroid"' });
    record.close();
    expect(events(record)).toEqual([
      { atMs: expect.any(Number), pid: process.pid, kind: "vm-transition", vm: "vm1", machine: 1, status: "RUNNING" },
      expect.objectContaining({ kind: "vm-output", line: 'Hello\n"Microdroid"' }),
    ]);
  });

  test("cuts lines that a VM does not end", () => {
    const record = new RunRecord(folder);
    record.add({ kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line: "x".repeat(100_000) });
    record.close();
    expect(readFileSync(record.file, "utf8").length).toBeLessThan(10_000);
  });

  test("a folder that vanished fails no test", () => {
    const gone = join(folder, "gone");
    const record = new RunRecord(gone);
    rmSync(gone, { recursive: true });
    record.add({ kind: "device-released", serial: "x" });
    expect(() => record.close()).not.toThrow();
  });
});
