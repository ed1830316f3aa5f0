/** Runs whose VMs print very much: all reports are written, in bounded memory, and say what they leave out. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RunEvent, RunEventBody } from "../artifacts/events.js";
import { RunRecord } from "../artifacts/run-record.js";
import { packageRoot } from "../base/paths.js";
import { buildModel, readRun } from "./model/build-model.js";
import type { AttemptModel } from "./model/run-model.js";
import { REPORT_FILES } from "./report-files.js";
import { writeReports } from "./reports.js";
import { traceEvents } from "./trace/trace.js";

// Gigabytes go through it, also on a busy machine.
jest.setTimeout(120_000);

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "large-run-"))));
afterEach(() => rmSync(folder, { recursive: true }));

const about = { file: "/p/a.test.ts", test: "floods", attempt: 1 } as const;
const started: RunEventBody = { kind: "test-start", ...about };
const failed: RunEventBody = { kind: "test-end", ...about, status: "failed", durationMs: 1, errors: ["no"] };

function output(machine: number, line: string): RunEventBody {
  return { kind: "vm-output", vm: `vm${machine}`, machine, stream: "console", line };
}

function linesOf(attempt: AttemptModel | undefined, name: string): readonly string[] {
  return attempt?.machines.find((machine) => machine.name === name)?.lines.map(({ text }) => text) ?? [];
}

test("130,000 lines of one test are all in the trace", () => {
  const lines = Array.from({ length: 130_000 }, (_, count) => output(1, `line ${count}`));
  const events = [started, ...lines, failed].map((body, atMs): RunEvent => ({ atMs, pid: 1, ...body }));
  const traced = traceEvents(buildModel(events, folder)).filter(({ cat }) => cat === "console");
  expect(traced.map(({ name }) => name)).toEqual(lines.map((_line, count) => `line ${count}`));
});

describe("a gigabyte of console", () => {
  test("is recorded by its first and, of a failed test, its last lines, and the number of those between", () => {
    const total = 131_072;
    const record = new RunRecord(folder);
    const filler = "x".repeat(8_180);
    record.add(started);
    record.add(output(2, "a word of another VM"));
    for (let count = 0; count < total; count++) {
      record.add(output(1, `${count} ${filler}`));
      if (count % 10_000 === 0) record.flush();
    }
    record.add(failed);
    record.close();
    expect(statSync(record.file).size).toBeLessThan(96 << 20);
    const { files, problems, run } = writeReports(folder);
    expect(problems).toEqual([]);
    expect(files).toEqual(REPORT_FILES);
    const [attempt] = run.tests[0]?.attempts ?? [];
    const lines = linesOf(attempt, "vm1");
    expect(lines.length + (attempt?.omittedLines ?? 0)).toBe(total);
    expect(lines.at(-1)?.split(" ")[0]).toBe(String(total - 1));
    expect(linesOf(attempt, "vm2")).toEqual(["a word of another VM"]);
    // Fit for a browser, and it says what is not there.
    expect(statSync(join(folder, "report.html")).size).toBeLessThan(64 << 20);
    const [, dropped = "0"] = /"droppedLines":(\d+)/.exec(readFileSync(join(folder, "report.html"), "utf8")) ?? [];
    expect(Number(dropped)).toBeGreaterThan(total / 2);
    expect(readFileSync(join(folder, "trace.json"), "utf8")).toContain(
      `${attempt?.omittedLines ?? 0} lines of consoles`,
    );
  });

  test("by many processes is read and written with 320 MB", () => {
    const perProcess = 100_000;
    const pids = [1, 2, 3, 4];
    for (const pid of pids) {
      const file = join(folder, `events-${pid}.jsonl`);
      const write = (bodies: readonly RunEventBody[], atMs: number): void =>
        appendFileSync(file, bodies.map((body) => `${JSON.stringify({ atMs, pid, ...body })}\n`).join(""));
      write([{ kind: "process-started", wallMs: 0 }, started], 1);
      for (let done = 0; done < perProcess; done += 10_000) {
        const lines = Array.from({ length: 10_000 }, (_, at) => output(1, `${done + at} ${"y".repeat(120)}`));
        write(lines, 2 + done);
      }
      write([output(2, "few words"), failed], 2 + perProcess);
    }
    const script = `const { writeReports } = require(${JSON.stringify(join(packageRoot, "dist/reporter/reports.js"))});
      const { files, problems } = writeReports(process.argv[1]);
      console.log(JSON.stringify({ files, problems }));`;
    const child = spawnSync(process.execPath, ["--max-old-space-size=320", "-e", script, folder], { encoding: "utf8" });
    expect(child.stderr).toBe("");
    expect(JSON.parse(child.stdout)).toMatchObject({ problems: [], files: REPORT_FILES });
    const attempts = readRun(folder).tests.flatMap((one) => one.attempts);
    expect(attempts).toHaveLength(pids.length);
    for (const attempt of attempts) {
      expect(linesOf(attempt, "vm2")).toEqual(["few words"]);
      const lines = linesOf(attempt, "vm1");
      expect(lines.length + attempt.omittedLines).toBe(perProcess);
      expect(lines.length).toBeGreaterThan(10_000);
      expect(lines.at(-1)).toMatch(new RegExp(`^${perProcess - 1} `));
    }
  });
});
