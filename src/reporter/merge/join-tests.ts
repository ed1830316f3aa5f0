/** Tests of several runs: one that ran in more than one, as when a job was started again, is one test with all its attempts. */
import type { BrokenFile, Outcome, TestModel } from "../model/run-model.js";
import type { LoadedPart } from "./load-part.js";

interface Told {
  readonly test: TestModel;
  /** Its run was ended from outside, so that a test may have been cut off through no fault of its own. */
  readonly cutShort: boolean;
}

/** In the order of the parts, and renumbered. */
export function joinTests(parts: readonly LoadedPart[]): readonly TestModel[] {
  const byKey = new Map<string, Told[]>();
  for (const { run } of inTime(parts)) {
    const seen = new Map<string, number>();
    for (const test of run.tests) {
      const name = JSON.stringify([test.file, test.project ?? "", test.name]);
      const occurrence = (seen.get(name) ?? 0) + 1;
      seen.set(name, occurrence);
      const key = `${occurrence} ${name}`;
      byKey.set(key, [...(byKey.get(key) ?? []), { test, cutShort: run.cutShort }]);
    }
  }
  return [...byKey.values()].map((told, place) => ({ ...joined(told), id: place + 1 }));
}

/** Files that could not run, in no later run either. */
export function joinBrokenFiles(parts: readonly LoadedPart[]): readonly BrokenFile[] {
  const broken = new Map<string, BrokenFile>();
  for (const { run } of inTime(parts)) {
    for (const { file, project } of run.tests) broken.delete(JSON.stringify([file, project ?? ""]));
    for (const one of run.brokenFiles) broken.set(JSON.stringify([one.file, one.project ?? ""]), one);
  }
  return [...broken.values()];
}

/** By their own hosts' clocks, the only ones there are. */
function inTime(parts: readonly LoadedPart[]): readonly LoadedPart[] {
  return [...parts].sort((a, b) => a.run.startedWallMs - b.run.startedWallMs);
}

function joined(told: readonly Told[]): TestModel {
  const [first] = told;
  if (first === undefined) throw new Error("a test of no run");
  const ran = told.filter(({ test }) => test.outcome !== "skipped" && test.outcome !== "todo");
  const counts = ran.findLast(({ test }) => test.outcome !== "unfinished") ?? ran.at(-1);
  if (counts === undefined || told.length === 1) return first.test;
  const others = ran.filter((one) => one !== counts);
  const { test } = counts;
  return {
    ...test,
    outcome: test.outcome === "passed" && others.some(failed) ? "flaky" : test.outcome,
    attempts: ran.flatMap((one) => one.test.attempts).sort((a, b) => a.startMs - b.startMs),
    earlierFailures: [...others.flatMap(failuresOf), ...test.earlierFailures],
    startMs: ran.find((one) => one.test.startMs !== undefined)?.test.startMs,
  };
}

const FAILED: readonly Outcome[] = ["failed", "flaky"];

function failed({ test, cutShort }: Told): boolean {
  return FAILED.includes(test.outcome) || (test.outcome === "unfinished" && !cutShort);
}

function failuresOf(told: Told): readonly string[] {
  if (!failed(told)) return [];
  const { earlierFailures, failures } = told.test;
  return [...earlierFailures, ...(failures.length === 0 ? [] : [failures.join("\n\n")])];
}
