/** What a history says about each test of a run, for its report. */
import {
  breakage,
  flakiness,
  historyFile,
  NO_HISTORY,
  readHistory,
  testKey,
  type History,
  type Past,
  type TestEntry,
} from "../../history/index.js";
import { isBad } from "../failure-text.js";
import type { RunModel, TestModel, TestPast } from "../model/run-model.js";
import { pastKeys } from "./run-entries.js";

const SHOWN = 20;
const LOOKED_AT = 50;
const LETTERS = { passed: "p", failed: "f", flaky: "r", unfinished: "u" } as const;

/** Of the runs before this one: it may be in the history itself, when its reports are made again. */
export function historyBefore(run: RunModel): History {
  const path = historyFile(run.rootDir);
  if (path === undefined) return NO_HISTORY;
  const { id } = run.origin;
  return readHistory([path], (past) => past.run !== id && past.atMs < run.startedWallMs);
}

/** The run, with what the history says about each test. */
export function withPast(run: RunModel, history: History): RunModel {
  if (history.runs.length === 0) return run;
  const keys = pastKeys(run);
  const tests = run.tests.map((test, place) => {
    const past = history.tests.get(testKey(keys[place]!));
    return past === undefined ? test : { ...test, past: describePast(test, past.slice(-LOOKED_AT)) };
  });
  return { ...run, tests };
}

function describePast(test: TestModel, past: readonly Past<TestEntry>[]): TestPast {
  const strip = past
    .slice(-SHOWN)
    .map(({ entry }) => LETTERS[entry.outcome])
    .join("");
  const flaky = flakiness(past);
  const detail = flaky === undefined ? "" : flakyText(flaky);
  if (!isBad(test) && test.outcome !== "flaky") return { strip, mark: "", detail };
  if (flaky !== undefined) return { strip, mark: "known flaky", detail };
  if (test.outcome === "flaky") return { strip, mark: "newly flaky", detail };
  const broken = breakage(past);
  if (broken === undefined) return { strip, mark: "new failure", detail };
  const commit = broken.since.run.commit;
  const since = commit === undefined ? "" : `fails since commit ${shortCommit(commit)}`;
  return {
    strip,
    mark: `failed in the last ${broken.runs === 1 ? "run" : `${broken.runs} runs`} as well`,
    detail: since,
  };
}

function flakyText({ times, runs, rate, low, high, since }: NonNullable<ReturnType<typeof flakiness>>): string {
  const percent = (value: number): string => (value * 100).toFixed(1);
  const interval = `95 % interval ${percent(low)} to ${percent(high)} %`;
  const first = since.run.commit === undefined ? "" : `, first at commit ${shortCommit(since.run.commit)}`;
  return `flaky in ${times} of ${runs} runs (${percent(rate)} %, ${interval})${first}`;
}

function shortCommit(commit: string): string {
  return commit.slice(0, 10);
}
