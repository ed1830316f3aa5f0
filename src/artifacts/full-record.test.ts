/** A process records 64 MiB of output; then the last lines of tests that fail, or are cut off. */
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageRoot } from "../base/paths.js";
import type { RunEvent, RunEventBody } from "./events.js";
import { readEvents } from "./read-events.js";
import { RunRecord } from "./run-record.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-full-record-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test("the record of a VM that prints without end stops at a limit, and still has the events of tests", () => {
  const record = new RunRecord(folder);
  const line = "x".repeat(8_000);
  for (let count = 0; count < 9_000; count++) {
    record.add({ kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line });
    if (count % 1000 === 0) record.flush();
  }
  record.add({ kind: "test-start", file: "f", test: "t", attempt: 1 });
  record.add({ kind: "test-end", file: "f", test: "t", attempt: 1, status: "passed", durationMs: 1, errors: [] });
  record.close();
  const kinds = readEvents(folder).map(({ kind }) => kind);
  expect(kinds.slice(-4)).toEqual(["record-full", "test-start", "output-omitted", "test-end"]);
  expect(kinds.length).toBeLessThan(9_000);
});

describe("a full record has the last lines", () => {
  const output = (line: string): RunEventBody => ({
    kind: "vm-output",
    vm: "vm1",
    machine: 1,
    stream: "console",
    line,
  });
  const filled = (): RunRecord => {
    const record = new RunRecord(folder);
    for (let count = 0; count < 9_000; count++) record.add(output("x".repeat(8_000)));
    record.add({ kind: "test-start", file: "f", test: "t", attempt: 1 });
    for (let count = 1; count <= 1_500; count++) record.add(output(`line ${count}`));
    return record;
  };
  const linesOf = (events: readonly RunEvent[]): readonly string[] =>
    events.flatMap((event) => (event.kind === "vm-output" ? [event.line] : [])).filter((line) => !line.startsWith("x"));

  test("of a test that a signal cuts off, as soon as that is recorded", () => {
    const record = filled();
    record.add({ kind: "interrupted", signal: "SIGTERM", test: "t" });
    record.flush();
    const lines = linesOf(readEvents(folder));
    expect([lines.length, lines[0], lines.at(-1)]).toEqual([1_000, "line 501", "line 1500"]);
    record.close();
    expect(linesOf(readEvents(folder))).toEqual(lines);
  });

  test("of a test that was not over when its process ended", () => {
    filled().close();
    const events = readEvents(folder);
    expect(linesOf(events).at(-1)).toBe("line 1500");
    expect(events).toContainEqual(expect.objectContaining({ kind: "output-omitted", lines: expect.any(Number) }));
  });

  test("of none that passed before", () => {
    const record = filled();
    const passed = { status: "passed", durationMs: 1, errors: [] } as const;
    record.add({ kind: "test-end", file: "f", test: "t", attempt: 1, ...passed });
    record.add({ kind: "interrupted", signal: "SIGTERM" });
    record.close();
    expect(linesOf(readEvents(folder))).toEqual([]);
  });

  test("when the process ends by process.exit()", async () => {
    const module = join(packageRoot, "dist/artifacts/run-record.js");
    const script = `const { RunRecord } = require(${JSON.stringify(module)});
      const record = new RunRecord(process.argv[1]);
      const print = (line) => record.add({ kind: "vm-output", vm: "vm1", machine: 1, stream: "console", line });
      for (let count = 0; count < 9_000; count++) print("x".repeat(8_000));
      record.add({ kind: "test-start", file: "f", test: "t", attempt: 1 });
      print("the last word");
      process.exit(143);`;
    const child = spawn(process.execPath, ["-e", script, folder], { stdio: "inherit" });
    expect(await once(child, "exit")).toEqual([143, null]);
    expect(linesOf(readEvents(folder))).toEqual(["the last word"]);
  });
});
