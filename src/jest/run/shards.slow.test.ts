/** Whole runs with a history: shards are cut by it, and reports and `avf history` tell of the runs before. */
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { appendFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { packageRoot } from "../../base/paths.js";
import { runUnchecked, type CommandResult } from "../../process/run.js";
import { readHistory } from "../../history/index.js";
import { parseEntry, type Entry } from "../../history/entries.js";
import { REPORT_FILES } from "../../reporter/report-files.js";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";

// Each is a Jest of its own; on a busy machine that takes its time.
jest.setTimeout(240_000);

const LONG = ["a", "b"];
const SHORT = ["c", "d", "e", "f"];
const HOSTILE = `</script><script>alert(1)</script>`;

let project: SuiteProject;
beforeAll(() => {
  const one = (name: string): string => suite(`test("${name} passes", () => { expect(1).toBe(1); });`);
  project = makeProject(
    {
      ...Object.fromEntries([...LONG, ...SHORT].map((name) => [`${name}.test.ts`, one(name)])),
      "flaky.test.ts": suite(`
        import { existsSync } from "node:fs";
        jest.retryTimes(1);
        let attempts = 0;
        test(${JSON.stringify(`shaky ${HOSTILE}`)}, () => { expect(++attempts).toBe(2); });
        test("sound", async ({ runningVm }) => {
          await expect(runningVm).toPrint("Hello");
          expect(existsSync("break")).toBe(false);
        });`),
    },
    {
      args: ["--runInBand"],
      env: { AVF_HISTORY: "kept/history.jsonl", GITHUB_SHA: "c".repeat(40), GITHUB_RUN_ID: undefined },
    },
  );
});
afterAll(() => project.remove());

const historyPath = (): string => join(project.folder, "kept/history.jsonl");

/** Whatever the file has, line by line. */
function entries(): readonly Entry[] {
  return readFileSync(historyPath(), "utf8")
    .trimEnd()
    .split("\n")
    .flatMap((line) => parseEntry(line) ?? []);
}

function jestWith(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<SuiteOutcome> {
  return runProject({ ...project, argv: [...project.argv, ...args], environment: { ...project.environment, ...env } });
}

const avfHistory = (...args: readonly string[]): Promise<CommandResult> => avf("history", ...args);

function avf(...args: readonly string[]): Promise<CommandResult> {
  const argv = [process.execPath, join(packageRoot, "src/cli/avf.cjs"), ...args];
  return runUnchecked(argv, { cwd: project.folder, env: project.environment, timeoutMs: 60_000 });
}

/** The tests of the latest run's report. */
function reported(): readonly Readonly<Record<string, unknown>>[] {
  const [, json] = /id="index">(.*)<\/script>/.exec(project.evidence("report.html") ?? "") ?? [];
  return (JSON.parse(json ?? "null") as { readonly tests: readonly Readonly<Record<string, unknown>>[] }).tests;
}

const ran = ({ output }: SuiteOutcome): readonly string[] =>
  [...output.matchAll(/^(?:PASS|FAIL) \.\/(\S+)\.test\.ts/gm)].map(([, name = ""]) => name);

test("a run adds the results of its tests and files, with commit, duration and attempts", async () => {
  const { exitCode, output } = await jestWith([]);
  expect([exitCode, output]).toEqual([0, expect.any(String)]);
  const all = entries();
  expect(all.map(({ kind }) => kind)).toEqual(
    ["run", ..."f".repeat(7), ..."t".repeat(8)].map((kind) => ({ f: "file", t: "test" })[kind] ?? kind),
  );
  expect(all[0]).toMatchObject({ commit: "c".repeat(40), host: expect.any(String) as unknown });
  const [shaky, sound] = ["shaky", "sound"].map((name) =>
    all.find((entry) => entry.kind === "test" && entry.test.startsWith(name)),
  );
  expect(shaky).toMatchObject({ outcome: "flaky", attempts: 2, file: "flaky.test.ts" });
  expect(sound).toMatchObject({ outcome: "passed", durationMs: expect.any(Number) as unknown });
  expect(new Set(all.map(({ run }) => run)).size).toBe(1);
});

describe("with a history", () => {
  beforeAll(() => {
    // As if the runs before had taken so long.
    const durations = {
      ...Object.fromEntries(LONG.map((name) => [name, 60_000])),
      c: 30_000,
      d: 15_000,
      e: 15_000,
      flaky: 100,
    };
    const lines: Entry[] = [];
    for (const [n, run] of ["past-1", "past-2", "past-3"].entries()) {
      lines.push({ kind: "run", run, atMs: Date.now() + n });
      for (const [name, durationMs] of Object.entries(durations)) {
        const failed = name === "d" && run === "past-3" ? { failed: true as const } : {};
        lines.push({ kind: "file", run, file: `${name}.test.ts`, durationMs, ...failed });
      }
    }
    writeFileSync(historyPath(), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    // A process that was killed.
    appendFileSync(historyPath(), '{"kind":"run","ru');
  });

  test("--onlyFailures takes what failed last, in whatever job that was", async () => {
    const { stdout } = await jestWith(["--onlyFailures", "--listTests"]);
    expect(stdout.trim()).toBe(join(project.folder, "d.test.ts"));
  });

  test("shards are split by duration, and all see the same history although one has ended", async () => {
    const ids = { GITHUB_REPOSITORY: "o/r", GITHUB_RUN_ID: "7" };
    const first = await jestWith(["--shard=1/2"], ids);
    expect(entriesOf("o/r")).toBeGreaterThan(0);
    const second = await jestWith(["--shard=2/2"], ids);
    // f is not known: 15 s, the median. 60 + 30 + 15 and 60 + 15 + 15 + 0.1, the ties by name.
    const [one, two] = [ran(first), ran(second)];
    expect([...one, ...two].sort()).toEqual([...LONG, ...SHORT, "flaky"].sort());
    expect([one, two].map((names) => names.filter((name) => LONG.includes(name)).length)).toEqual([1, 1]);
    const loads = [one, two].map((names) =>
      names.reduce((sum, name) => sum + ({ a: 60, b: 60, c: 30 }[name] ?? 15), 0),
    );
    expect(Math.max(...loads)).toBeLessThanOrEqual(105);
    // What failed last comes first, then what nobody knows.
    const withFailed = [one, two].find((names) => names.includes("d"));
    expect(withFailed?.[0]).toBe("d");
    const started = project.events().find((event) => event.kind === "run-started");
    expect(started).toMatchObject({
      shard: { index: 2, count: 2, files: 7, digest: expect.stringMatching(/^[0-9a-f]{12}$/) as unknown },
    });

    function entriesOf(repository: string): number {
      const text = readFileSync(historyPath(), "utf8");
      return text.split("\n").filter((line) => line.includes(repository)).length;
    }
  });
});

test("the runs of both shards are one report, with each test once, and are in the history once", async () => {
  const shards = readdirSync(join(project.folder, "out"))
    .filter((name) => /^\d/.test(name))
    .sort()
    .slice(-2)
    .map((name) => join("out", name));
  const before = readHistory([historyPath()]).runs.length;
  const merged = await avf("report", "merge", ...shards, "-o", "merged");
  expect([merged.stderr, merged.exitCode]).toEqual(["", 0]);
  expect(merged.stdout).toBe(
    ["2 runs: 8 passed, 0 failed, 0 skipped", ...REPORT_FILES.map((name) => `merged/${name}`), ""].join("\n"),
  );
  expect(readFileSync(join(project.folder, "merged/junit.xml"), "utf8").match(/<testcase /g)).toHaveLength(8);
  expect(entries().filter(({ kind }) => kind === "run")).toHaveLength(before);
  const alone = await avf("report", "merge", shards[0] ?? "", "--out", "alone");
  expect(alone).toMatchObject({ exitCode: 1, stderr: "avf: Of 2 shards one is missing: 2.\n" });
  const twice = await avf("report", "merge", "out", shards[0] ?? "", "--out", "twice");
  expect(twice).toMatchObject({ exitCode: 2, stderr: expect.stringContaining("are the same run") as unknown });
  expect((await avf("report", "merge", "out")).exitCode).toBe(2);
});

test("reports and avf history distinguish a new failure from a known flaky test", async () => {
  writeFileSync(join(project.folder, "break"), "");
  const { output } = await jestWith(["flaky", "-b=0"]);
  expect(output).toContain("1 failed");
  const tests = reported();
  expect(tests.find(({ title }) => String(title).startsWith("shaky"))).toMatchObject({
    mark: "known flaky",
    past: "r",
  });
  expect(tests.find(({ title }) => title === "sound")).toMatchObject({ mark: "new failure", past: "p" });
  expect(project.evidence("junit.xml")).toContain('name="history" value="new failure"');

  const { exitCode, stdout } = await avfHistory();
  expect([exitCode, stdout]).toEqual([0, expect.any(String)]);
  expect(stdout).toMatch(/Flaky \(.*\n.*100\.0 % +34\.2 % to 100\.0 % +2 of 2 .*flaky\.test\.ts › shaky/);
  const json = JSON.parse((await avfHistory("--json", "--runs", "5")).stdout) as Readonly<Record<string, unknown>>;
  expect(json).toMatchObject({ flaky: [{}, {}], failing: [] });
});

test("avf history says what it lacks, and joins files", async () => {
  const nothing = await avfHistory("nowhere.jsonl");
  expect([nothing.exitCode, nothing.stderr]).toEqual([2, expect.stringContaining("no history nowhere.jsonl")]);
  const before = entries().filter(({ kind }) => kind === "run").length;
  const joined = await avfHistory("kept/history.jsonl", "kept/history.jsonl", "--out", "kept/history.jsonl");
  expect([joined.exitCode, joined.stdout]).toEqual([0, "kept/history.jsonl\n"]);
  expect(entries().filter(({ kind }) => kind === "run")).toHaveLength(before);
  expect(existsSync(historyPath())).toBe(true);
});
