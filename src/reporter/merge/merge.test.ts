import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
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
import { packageRoot } from "../../base/paths.js";
import type { IndexData, TestData } from "../html/report-data.js";
import type { TraceEvent } from "../trace/trace.js";
import { REPORT_FILES } from "../report-files.js";
import { mergeRuns, type MergedReports } from "./merge-runs.js";
import { makeRun, type MadeRun, type MadeTest } from "./testing/made-runs.js";

// Some runs are large.
jest.setTimeout(240_000);

let folder: string;
beforeEach(() => void (folder = realpathSync(mkdtempSync(join(tmpdir(), "avf-merge-")))));
afterEach(() => rmSync(folder, { recursive: true }));

const WALL_MS = Date.UTC(2026, 0, 1, 12);
const HOUR_MS = 3_600_000;
const out = (): string => join(folder, "merged");

function run(name: string, made: Partial<MadeRun> & { readonly tests: readonly MadeTest[] }): string {
  const path = join(folder, name);
  makeRun(path, { id: `id of ${name}`, host: `host-${name}`, wallMs: WALL_MS, ...made });
  return path;
}

const shard = (index: number, count = 2, digest = "same"): Pick<MadeRun, "shard"> => ({
  shard: { index, count, digest },
});
const passes = (file: string, name = "passes"): MadeTest => ({ file, name, status: "passed" });
const merge = (...folders: readonly string[]): MergedReports => mergeRuns(folders, out());

function index(): IndexData {
  return block("index") as IndexData;
}

function block(id: string): unknown {
  const html = readFileSync(join(out(), "report.html"), "utf8");
  const [, json = "null"] =
    new RegExp(`<script type="application/json" id="${id}">([^\\n]*)</script>\n`).exec(html) ?? [];
  return JSON.parse(json);
}

const read = (name: string): string => readFileSync(join(out(), name), "utf8");
const outcomes = ({ run: { tests } }: MergedReports): unknown =>
  tests.map(({ file, name, outcome }) => [file, name, outcome]);

describe("the runs of two shards", () => {
  const both = (): MergedReports => {
    const one = run("one", {
      ...shard(1),
      tests: [passes("a.test.ts"), { file: "b.test.ts", name: "fails", status: "failed", evidence: "evidence/b" }],
    });
    const two = run("two", { ...shard(2), wallMs: WALL_MS + 500, tests: [passes("c.test.ts"), passes("d.test.ts")] });
    mkdirSync(join(one, "evidence/b/logs of vm"), { recursive: true });
    writeFileSync(join(one, "evidence/b/logs of vm/console.txt"), "Hello");
    return merge(two, one);
  };

  test("are one report that has each test once, with shard and host, and all that was saved", () => {
    const merged = both();
    expect(merged).toMatchObject({ missing: [], odd: [], problems: [] });
    expect(merged.files).toEqual(REPORT_FILES);
    expect(outcomes(merged)).toEqual([
      ["a.test.ts", "passes", "passed"],
      ["b.test.ts", "fails", "failed"],
      ["c.test.ts", "passes", "passed"],
      ["d.test.ts", "passes", "passed"],
    ]);
    const { parts, workers, counts, tests, command } = index();
    expect(counts).toMatchObject({ passed: 3, failed: 1 });
    expect(parts.map(({ name }) => name)).toEqual(["shard 1/2 on host-one", "shard 2/2 on host-two"]);
    expect(workers).toEqual(["shard 1/2 on host-one, worker 1", "shard 2/2 on host-two, worker 1"]);
    expect(command).toBe("npx jest -w 1");
    // Half a second later by the clocks.
    expect(tests.map(({ ran }) => ran[0]?.startMs)).toEqual([10, 1010, 510, 1510]);
    const [attempt] = (block("test-2") as TestData).attempts;
    expect(attempt).toMatchObject({ device: "phone of host-one", worker: "shard 1/2 on host-one, worker 1" });
    const [link] = attempt?.evidence ?? [];
    expect(readFileSync(join(out(), decodeURIComponent(link?.href ?? "")), "utf8")).toBe("Hello");
    expect(readdirSync(out()).sort()).toEqual([...REPORT_FILES, "runs"].sort());
  });

  test("are in the machine-readable reports as well", () => {
    both();
    const [junit, xts] = [read("junit.xml"), read("test_result.xml")];
    expect([junit, xts].map((xml) => XMLValidator.validate(xml))).toEqual([true, true]);
    expect(junit).toMatch(/<testsuites name="project" tests="4" failures="1" errors="0"/);
    expect(junit.match(/name="place" value="shard 2\/2 on host-two"/g)).toHaveLength(4);
    expect(junit).toContain(`[[ATTACHMENT|${join(out(), "runs/1/evidence/b/logs of vm/console.txt")}]]`);
    expect(xts).toMatch(/host_name="host-one,host-two"/);
    expect(
      xts.match(/<Run start="\d+" end="\d+" pass="\d" failed="\d" command_line_args="[^"]*" host_name="host-\w+"/g),
    ).toHaveLength(2);
    expect(xts).toMatch(/<Summary pass="3" failed="1" modules_done="4" modules_total="4"/);
    const { traceEvents } = JSON.parse(read("trace.json")) as { readonly traceEvents: readonly TraceEvent[] };
    const names = traceEvents.filter(({ name }) => name === "process_name");
    // The processes had the same id.
    expect(new Set(names.map(({ pid }) => pid)).size).toBe(2);
    expect(names.map(({ args }) => args?.["name"])).toEqual([
      "shard 1/2 on host-one, worker 1: phone of host-one",
      "shard 2/2 on host-two, worker 1: phone of host-two",
    ]);
    expect(traceEvents.filter(({ cat }) => cat === "test").map(({ ts }) => ts)).toEqual([
      10_000, 1_010_000, 510_000, 1_510_000,
    ]);
  });

  test("are found below the folders that a CI system lays artifacts into", () => {
    for (const index of [1, 2])
      run(`artifacts/results-${index}/avf-results/20260101-120000-${index}`, {
        ...shard(index),
        tests: [passes(`${index}.test.ts`)],
      });
    symlinkSync("20260101-120000-1", join(folder, "artifacts/results-1/avf-results/latest"));
    // As a CI system stores it that follows links.
    const results = join(folder, "artifacts/results-2/avf-results");
    cpSync(join(results, "20260101-120000-2"), join(results, "latest"), { recursive: true });
    expect(outcomes(merge(join(folder, "artifacts")))).toHaveLength(2);
  });
});

describe("a test that ran in two runs is one, with the attempts of both", () => {
  const again = (first: Partial<MadeTest>, second: Partial<MadeTest>, cutShort = false): MergedReports => {
    const test = { file: "a.test.ts", name: "t" } as const;
    return merge(
      run("first", { ...shard(1, 1), cutShort, tests: [{ ...test, ...first }] }),
      run("second", { ...shard(1, 1), wallMs: WALL_MS + HOUR_MS / 12, tests: [{ ...test, ...second }] }),
    );
  };

  test("and flaky when it passed only then", () => {
    const { run, missing } = again({ status: "failed" }, { status: "passed" });
    expect(run.tests).toMatchObject([
      {
        outcome: "flaky",
        attempts: [{ status: "failed" }, { status: "passed" }],
        earlierFailures: ["Error: t went wrong"],
      },
    ]);
    expect(missing).toEqual([]);
    expect((block("test-1") as TestData).attempts.map(({ status }) => status)).toEqual(["failed", "passed"]);
    expect(read("junit.xml")).toContain("<flakyFailure");
  });

  test("and passed when only its run was cut off before", () => {
    expect(again({}, { status: "passed" }, true)).toMatchObject({
      missing: [],
      run: { cutShort: false, tests: [{ outcome: "passed", attempts: [{ status: "unfinished" }, {}] }] },
    });
  });

  test("and failed when it failed at last, or could not be tried again", () => {
    expect(again({ status: "passed" }, { status: "failed" }).run.tests).toMatchObject([{ outcome: "failed" }]);
  });

  test("what was skipped elsewhere is ignored", () => {
    expect(again({ status: "failed" }, { status: "skipped" }).run.tests).toMatchObject([
      { outcome: "failed", attempts: [{}] },
    ]);
  });
});

describe("what is missing, or does not fit, is reported", () => {
  test("a shard that is missing, one that was cut short, a folder without a run", () => {
    const cut = run("cut", {
      ...shard(2, 4),
      cutShort: true,
      tests: [passes("a.test.ts"), { file: "b.test.ts", name: "t" }],
    });
    mkdirSync(join(folder, "nothing"));
    const merged = merge(run("whole", { ...shard(1, 4), tests: [passes("c.test.ts")] }), cut, join(folder, "nothing"));
    expect(merged.missing).toEqual([
      `${join(folder, "nothing")} has no run.`,
      "Of 4 shards 2 are missing: 3, 4.",
      "shard 2/4 on host-cut was cut short: tests that it had not begun are not in this report.",
    ]);
    expect(merged.run).toMatchObject({ cutShort: true, tests: [{}, {}, { outcome: "unfinished" }] });
    expect(index()).toMatchObject({ cutShort: true, notes: merged.missing });
  });

  test("shards of different splits or commits", () => {
    const tests = [passes("a.test.ts")];
    const merged = merge(
      run("one", { ...shard(1, 2, "x"), commit: "a".repeat(40), tests }),
      run("two", { ...shard(2, 2, "y"), commit: "b".repeat(40), tests }),
    );
    expect(merged.odd).toEqual([
      "The shards were split by different histories: files may have run twice, or not at all.",
      "The runs are of different commits: aaaaaaaaaa, bbbbbbbbbb.",
    ]);
  });

  test("a clock that is off by an hour, or ahead of ours; times within a run are right", () => {
    const tests = [passes("a.test.ts")];
    const merged = merge(
      run("one", { ...shard(1, 3), tests }),
      run("two", { ...shard(2, 3), tests: [passes("b.test.ts")] }),
      run("off", { ...shard(3, 3), wallMs: WALL_MS - HOUR_MS, tests: [passes("c.test.ts")] }),
    );
    expect(merged.odd).toEqual([
      expect.stringMatching(/^shard 3\/3 on host-off ran .* apart from all other runs: .*clock/),
    ]);
    expect(index().tests.map(({ durationMs, ran }) => [durationMs, ran[0]!.endMs - ran[0]!.startMs])).toEqual([
      [900, 900],
      [900, 900],
      [900, 900],
    ]);
    rmSync(out(), { recursive: true });
    const ahead = merge(run("ahead", { wallMs: Date.now() + HOUR_MS, tests }));
    expect(ahead.odd).toEqual([expect.stringMatching(/^ahead on host-ahead began .* from now: the clock/)]);
  });
});

describe("refused is", () => {
  test("the same run twice, wherever its copy is, also one without a name of its own", () => {
    const tests = [passes("a.test.ts")];
    for (const id of ["an id", undefined]) {
      const one = run("20260101-120000-7", { ...(id === undefined ? {} : { id }), tests });
      if (id === undefined) makeRun(one, { host: "h", wallMs: WALL_MS, tests });
      cpSync(one, join(folder, "copy/20260101-120000-7"), { recursive: true });
      expect(() => merge(one, join(folder, "copy"))).toThrow(/are the same run/);
      expect(() => merge(one, one)).toThrow(/are the same run/);
      rmSync(join(folder, "copy"), { recursive: true });
    }
    expect(existsSync(out())).toBe(false);
  });

  test("a folder for the report that has something in it, and folders that are no runs", () => {
    const one = run("one", { tests: [passes("a.test.ts")] });
    mkdirSync(out());
    writeFileSync(join(out(), "theirs"), "");
    expect(() => merge(one)).toThrow("is not empty");
    expect(readdirSync(out())).toEqual(["theirs"]);
    expect(() => merge(out())).toThrow("There is no run in");
    expect(() => merge(join(folder, "nowhere"))).toThrow("cannot be read");
  });
});

test("a thousand files of twenty shards need no more memory than those of one", () => {
  const folders = Array.from({ length: 20 }, (_unused, at) =>
    run(`s${at}`, {
      ...shard(at + 1, 20),
      tests: Array.from({ length: 50 }, (_none, file) => ({ ...passes(`${at}-${file}.test.ts`), lines: 800 })),
    }),
  );
  const script = `const { mergeRuns } = require(${JSON.stringify(join(packageRoot, "dist/reporter/merge/merge-runs.js"))});
    const { missing, odd, problems, run } = mergeRuns(process.argv.slice(2), process.argv[1]);
    console.log(JSON.stringify({ missing, odd, problems, tests: run.tests.length }));`;
  // All lines at once, a hundred million characters, would not fit.
  const argv = ["--max-old-space-size=96", "-e", script, out(), ...folders];
  const { stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  expect({ stdout, stderr: stderr.slice(0, 500) }).toEqual({ stdout: expect.any(String) as unknown, stderr: "" });
  expect(JSON.parse(stdout)).toEqual({ missing: [], odd: [], problems: [], tests: 1_000 });
});
