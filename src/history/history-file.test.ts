/** The file: what is added is read again, by as many processes as there are, whatever state the file is in. */
import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { packageRoot } from "../base/paths.js";
import { appendHistory, joinHistories, readHistory, type Entry, type History } from "./index.js";

// Processes are started, which takes its time on a busy machine.
jest.setTimeout(120_000);

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "avf-history-"));
  path = join(folder, "history.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 5, 1);

function runOf(run: string, atMs = NOW_MS, tests = 1): readonly Entry[] {
  const about = { run, file: "suites/a.test.ts" } as const;
  return [
    { kind: "run", run, atMs, host: "h", commit: "c0ffee" },
    { kind: "file", ...about, durationMs: 5 },
    ...Array.from({ length: tests }, (_unused, at): Entry => {
      return { kind: "test", ...about, test: `greets ${at}`, outcome: "passed", durationMs: at };
    }),
  ];
}

const append = (entries: readonly Entry[], bounds?: Parameters<typeof appendHistory>[2]): void =>
  appendHistory(path, entries, bounds, NOW_MS);
const runs = ({ runs }: History): readonly string[] => runs.map(({ run }) => run);

test("runs are read as they were added, the oldest first, each entry with its run", () => {
  append(runOf("late", NOW_MS));
  append(runOf("early", NOW_MS - DAY_MS, 2));
  const history = readHistory([path]);
  expect(runs(history)).toEqual(["early", "late"]);
  const [tests] = [...history.tests.values()];
  expect(tests?.map(({ run, entry }) => [run.run, entry])).toEqual([
    ["early", runOf("early", 0, 1)[2]],
    ["late", runOf("late")[2]],
  ]);
  expect(history.tests.size).toBe(2);
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

test("six processes that append at once lose nothing, also while old runs are taken out", async () => {
  const script = `
    const { appendHistory } = require(${JSON.stringify(join(packageRoot, "dist/history/index.js"))});
    for (let n = 0; n < 12; n++) {
      const run = process.argv[2] + "-" + n;
      appendHistory(process.argv[1], [
        { kind: "run", run, atMs: Date.now() },
        ...Array.from({ length: 40 }, (_, at) => ({ kind: "test", run, file: "a", test: "t" + at, outcome: "passed", durationMs: 1 })),
        // Run after run, each finds the oldest one too old.
      ], { bytes: 1 << 20, ageMs: 60000 });
    }`;
  append([{ kind: "run", run: "old", atMs: 1 }, ...runOf("old", 1).slice(1)], { bytes: 1 << 20, ageMs: Infinity });
  const children = Array.from({ length: 6 }, (_unused, at) =>
    spawn(process.execPath, ["-e", script, path, `p${at}`], { stdio: ["ignore", "ignore", "inherit"] }),
  );
  const codes = await Promise.all(children.map(async (child) => ((await once(child, "exit")) as [number])[0]));
  expect(codes).toEqual(children.map(() => 0));
  const history = readHistory([path]);
  expect(history.runs).toHaveLength(6 * 12);
  expect([...history.tests.values()].map((past) => past.length)).toEqual(Array.from({ length: 40 }, () => 72));
  expect(readdirSync(folder)).toEqual(["history.jsonl"]);
});

describe("a file in a bad state", () => {
  test("cut in the middle of a line has all other lines, and the next run begins its own", () => {
    append(runOf("first"));
    append(runOf("second", NOW_MS + 1, 3));
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.slice(0, -20));
    append(runOf("third", NOW_MS + 2));
    const history = readHistory([path]);
    expect(runs(history)).toEqual(["first", "second", "third"]);
    expect([...history.tests.values()].map((past) => past.length).sort()).toEqual([1, 3]);
  });

  test("cut anywhere is read up to there", () => {
    const text = [...runOf("a"), ...runOf("b", NOW_MS + 1)].map((entry) => `${JSON.stringify(entry)}\n`).join("");
    const { length } = readAll(text);
    fc.assert(
      fc.property(fc.nat(text.length), (cut) => {
        const whole = text.slice(0, cut).split("\n").length - 1;
        const found = readAll(text.slice(0, cut)).length;
        // A line may be whole although its line end is missing.
        expect(found === whole || found === whole + 1).toBe(true);
        expect(found).toBeLessThanOrEqual(length);
      }),
      { numRuns: 50 },
    );
  });

  test("what is not an entry is ignored: other JSON, bytes, unfinished lines, entries of an unknown run", () => {
    const odd = [
      "[]",
      "null",
      '{"kind":"run","run":"x"}',
      '{"kind":"run","run":"y","atMs":1e300}',
      '{"kind":"test","run":"first","file":1,"test":"t","outcome":"passed","durationMs":1}',
      '{"kind":"test","run":"first","file":"f","test":"t","outcome":"good","durationMs":1}',
      '{"kind":"test","run":"nobody","file":"f","test":"t","outcome":"passed","durationMs":1}',
      `{"kind":"test","run":"first","file":"${"x".repeat(100_000)}"`,
      "\u0000\ufffd",
    ];
    append(runOf("first"));
    appendFileSync(path, odd.join("\n"));
    const history = readHistory([path]);
    expect(runs(history)).toEqual(["first"]);
    expect([...history.tests.keys()]).toEqual([expect.stringContaining("greets 0")]);
  });

  test("a folder, or a device, is refused with its name", () => {
    mkdirSync(path);
    expect(() => append(runOf("first"))).toThrow(/EISDIR/);
    expect(() => appendHistory("/dev/null", runOf("first"))).toThrow("/dev/null is not a file");
  });

  function readAll(text: string): readonly unknown[] {
    const file = join(folder, "cut.jsonl");
    writeFileSync(file, text);
    const { runs, tests, files } = readHistory([file]);
    return [...runs, ...[...tests.values()].flat(), ...[...files.values()].flat()];
  }
});

describe("bounds", () => {
  test("the oldest runs are removed whole when the file is too large", () => {
    for (let day = 0; day < 40; day++)
      append(runOf(`r${day}`, NOW_MS - (40 - day) * DAY_MS, 20), { bytes: 40_000, ageMs: 90 * DAY_MS });
    expect(statSync(path).size).toBeLessThanOrEqual(40_000);
    const history = readHistory([path]);
    expect(runs(history).at(-1)).toBe("r39");
    expect(history.runs.length).toBeGreaterThan(5);
    expect([...history.tests.values()].map((past) => past.length)).toEqual(
      Array.from({ length: 20 }, () => history.runs.length),
    );
  });

  test("runs that are too old are removed, and one run larger than the limit stays alone", () => {
    append(runOf("ancient", NOW_MS - 200 * DAY_MS), { bytes: 1 << 20, ageMs: Infinity });
    append(runOf("new"));
    expect(runs(readHistory([path]))).toEqual(["new"]);
    append(runOf("huge", NOW_MS + 1, 100), { bytes: 1_000, ageMs: DAY_MS });
    expect(runs(readHistory([path]))).toEqual(["huge"]);
  });
});

test("files of several machines become one, with each run once, also into one of them", () => {
  const other = join(folder, "other.jsonl");
  append(runOf("shared"));
  append(runOf("here", NOW_MS + 1));
  appendHistory(other, [...runOf("shared"), ...runOf("there", NOW_MS + 2)], undefined, NOW_MS);
  joinHistories(path, [path, other, path], undefined, NOW_MS);
  expect(runs(readHistory([path]))).toEqual(["shared", "here", "there"]);
  expect(readFileSync(path, "utf8").trimEnd().split("\n")).toHaveLength(9);
});

test("one that others share by a link stays theirs when old runs are taken out of it", () => {
  const shared = join(folder, "shared.jsonl");
  writeFileSync(shared, "");
  chmodSync(shared, 0o664);
  symlinkSync("shared.jsonl", path);
  const bounds = { bytes: 1_500, ageMs: 90 * DAY_MS };
  for (let at = 0; at < 20; at++) append(runOf(`run ${at}`, NOW_MS - 20 + at), bounds);
  expect(lstatSync(path).isSymbolicLink()).toBe(true);
  expect(statSync(shared).mode & 0o777).toBe(0o664);
  expect(statSync(shared).size).toBeLessThan(bounds.bytes);
  expect(runs(readHistory([shared])).at(-1)).toBe("run 19");
});

test("a pipe is refused instead of waited for, and not replaced", () => {
  spawnSync("mkfifo", [path]);
  const other = join(folder, "other.jsonl");
  appendHistory(other, runOf("a"), undefined, NOW_MS);
  for (const use of [
    () => readHistory([path]),
    () => append(runOf("b")),
    () => joinHistories(path, [other], undefined, NOW_MS),
  ]) {
    expect(use).toThrow(/history\.jsonl (is not a file|cannot be used: it is not a file)/);
  }
  expect(statSync(path).isFIFO()).toBe(true);
});

test("one that is replaced loses no run that is added meanwhile", async () => {
  append(runOf("first"));
  const adding = 'exec 3>>"$0"; echo locked; read -r _; printf "%s\\n" "$1" >&3';
  const line = JSON.stringify(runOf("second")[0]);
  const lock = spawn("flock", [path, "sh", "-c", adding, path, line], { stdio: ["pipe", "pipe", "inherit"] });
  await once(lock.stdout, "data");
  const joining = spawn(process.execPath, ["-e", JOIN, path], { stdio: ["ignore", "pipe", "inherit"] });
  const joined = once(joining, "exit");
  await Promise.race([once(joining.stdout, "data"), joined]);
  lock.stdin.end("\n");
  await Promise.all([once(lock, "exit"), joined]);
  expect(runs(readHistory([path]))).toEqual(["first", "second"]);
});

/** Says when it waits for the lock. */
const JOIN = `
const { joinHistories } = require(${JSON.stringify(join(packageRoot, "dist/history/index.js"))});
const { wait } = Atomics;
Atomics.wait = (...args) => (require("node:fs").writeSync(1, "waits\\n"), wait(...args));
joinHistories(process.argv[1], [process.argv[1]], undefined, ${NOW_MS});`;
