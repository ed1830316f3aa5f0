/**
 * One of the runs of a merged report: what it showed goes to the spools and its saved files are copied, so that only what
 * tells of its results stays in memory.
 */
import { join } from "node:path";
import { isBad } from "../failure-text.js";
import { attemptData, type LineBudget } from "../html/test-data.js";
import { readRun } from "../model/build-model.js";
import type { AttemptModel, RunModel, TestModel } from "../model/run-model.js";
import { happened, type Threads } from "../trace/trace.js";
import type { EvidenceCopier } from "./copy-evidence.js";
import type { FoundRun } from "./find-runs.js";
import type { Chunk, Spool } from "./spool.js";

export interface LoadedPart {
  readonly found: FoundRun;
  /** Without what attempts did; times count from the beginning of the first of all runs. */
  readonly run: RunModel;
}

/** Where the parts of a merged report are put together. */
export interface Workshop {
  readonly out: string;
  readonly startedWallMs: number;
  /** JSON of `AttemptData`. */
  readonly attempts: Spool;
  readonly chunks: Map<AttemptModel, Chunk>;
  /** Trace events, each with a comma behind it. */
  readonly trace: Spool;
  readonly threads: Threads;
  readonly evidence: EvidenceCopier;
}

/** Process ids are smaller on every system. */
const PIDS_OF_PART = 10_000_000;

/** @param number of the part; from 1 */
export function loadPart(found: FoundRun, number: number, budget: LineBudget, workshop: Workshop): LoadedPart {
  const run = readRun(found.folder);
  const offsetMs = Math.max(0, run.startedWallMs - workshop.startedWallMs);
  const place = (test: TestModel): TestModel => ({
    ...test,
    attempts: test.attempts.map((attempt) => ({
      ...attempt,
      ...{ pid: number * PIDS_OF_PART + attempt.pid, place: found.name },
      evidence: savedIn(`runs/${number}`, run.folder, attempt, workshop),
    })),
  });
  const tests = run.tests.map(place);
  for (const event of happened({ ...run, tests }, workshop.threads)) {
    const moved = event.ts === undefined ? event : { ...event, ts: event.ts + Math.round(offsetMs * 1000) };
    workshop.trace.add(`${JSON.stringify(moved)},\n`);
  }
  const light = new Map<number, TestModel>();
  // Those that failed have the first claim on the lines there is room for.
  for (const test of [...tests.filter(isBad), ...tests.filter((each) => !isBad(each))]) {
    light.set(test.id, lighten(test, offsetMs, budget, workshop));
  }
  return { found, run: { ...run, tests: tests.map(({ id }) => light.get(id)!) } };
}

function savedIn(
  part: string,
  runFolder: string,
  { evidence }: AttemptModel,
  { out, evidence: copier }: Workshop,
): AttemptModel["evidence"] {
  if (evidence === undefined) return undefined;
  const folder = `${part}/${evidence.folder}`;
  const files = copier.copy(runFolder, join(runFolder, evidence.folder), evidence.files, join(out, folder));
  return { folder, files };
}

function lighten(test: TestModel, offsetMs: number, budget: LineBudget, workshop: Workshop): TestModel {
  const attempts = test.attempts.map((attempt): AttemptModel => {
    const light: AttemptModel = {
      ...attempt,
      startMs: attempt.startMs + offsetMs,
      endMs: attempt.endMs + offsetMs,
      ...{ machines: [], checkpoints: [], calls: [], assertions: [], steps: [], deviceLog: [] },
    };
    workshop.chunks.set(light, workshop.attempts.add(JSON.stringify(attemptData(attempt, budget))));
    return light;
  });
  return { ...test, attempts, startMs: test.startMs === undefined ? undefined : test.startMs + offsetMs };
}
