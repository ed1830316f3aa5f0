/** A run as lines of a history. */
import { randomUUID } from "node:crypto";
import { isAbsolute, relative } from "node:path";
import { withSlashes } from "../../base/text/slashes.js";
import type { Entry, FileEntry, PastOutcome, RunEntry, TestEntry } from "../../history/index.js";
import { deviceOf, vmmOf } from "../failure-text.js";
import type { AttemptModel, RunModel, TestModel } from "../model/run-model.js";

/** With these Jest runs a part of each file, whose duration says nothing of the whole. */
const FILTERS = /^(-t|--testNamePattern|--onlyChanged|-o)(=|$)/;
const OUTCOMES: readonly string[] = ["passed", "failed", "flaky", "unfinished"] satisfies readonly PastOutcome[];

/** Empty when no test ran. */
export function runEntries(run: RunModel): readonly Entry[] {
  const { id = randomUUID(), host, shard, commit, pipeline } = run.origin;
  const about: RunEntry = {
    ...{ kind: "run", run: id, atMs: Math.max(0, Math.round(run.startedWallMs)) },
    ...(host === undefined ? {} : { host }),
    ...(shard === undefined ? {} : { shard: `${shard.index}/${shard.count}` }),
    ...(commit === undefined ? {} : { commit }),
    ...(pipeline === undefined ? {} : { pipeline }),
  };
  const tests = testEntries(run, id);
  const files = run.argv.some((arg) => FILTERS.test(arg)) ? [] : fileEntries(run, id);
  return tests.length === 0 && files.length === 0 ? [] : [about, ...files, ...tests];
}

/** Names a test in a history, on every host. */
export function pastKeys(run: RunModel): readonly Pick<TestEntry, "file" | "project" | "test" | "occurrence">[] {
  const seen = new Map<string, number>();
  return run.tests.map(({ file, project, name }) => {
    const key = JSON.stringify([file, project, name]);
    const occurrence = (seen.get(key) ?? 0) + 1;
    seen.set(key, occurrence);
    return {
      ...{ file: fileOf(run, file), test: name },
      ...(project === undefined ? {} : { project }),
      ...(occurrence === 1 ? {} : { occurrence }),
    };
  });
}

function testEntries(run: RunModel, id: string): readonly TestEntry[] {
  const keys = pastKeys(run);
  return run.tests.flatMap((test, place) => {
    if (!OUTCOMES.includes(test.outcome)) return [];
    return [{ kind: "test", run: id, ...keys[place]!, outcome: test.outcome as PastOutcome, ...measured(test) }];
  });
}

function measured(test: TestModel): Pick<TestEntry, "durationMs" | "attempts" | "failureClass" | "bootsMs"> {
  const { attempts, earlierFailures, durationMs, failureClass } = test;
  const tried = Math.max(attempts.length, earlierFailures.length + 1);
  const boots = attempts.at(-1)?.machines.flatMap((machine) => bootMs(machine) ?? []) ?? [];
  const [device, monitor] = [deviceOf(test), vmmOf(test)];
  return {
    durationMs: Math.max(0, Math.round(durationMs)),
    ...(tried > 1 ? { attempts: tried } : {}),
    ...(failureClass === undefined ? {} : { failureClass }),
    ...(boots.length === 0 ? {} : { bootsMs: boots }),
    ...(device === undefined ? {} : { device }),
    ...(monitor === undefined ? {} : { monitor }),
  };
}

/** From the call of `run` to the payload; undefined for a VM that did not get there, or was a copy. */
function bootMs({ phases, isCopy, ofFile }: AttemptModel["machines"][number]): number | undefined {
  const [first] = phases;
  const payload = phases.find(({ phase }) => phase.startsWith("payload"));
  if (isCopy || ofFile || first === undefined || payload === undefined) return undefined;
  return Math.max(0, Math.round(payload.startMs - first.startMs));
}

function fileEntries(run: RunModel, id: string): readonly FileEntry[] {
  const failed = new Set([
    ...run.brokenFiles.map(({ file, project }) => JSON.stringify([file, project])),
    ...run.tests.flatMap((test) => (test.outcome === "failed" ? JSON.stringify([test.file, test.project]) : [])),
  ]);
  return run.files.map(({ file, project, durationMs }) => ({
    ...{ kind: "file", run: id, file: fileOf(run, file), durationMs: Math.max(0, Math.round(durationMs)) },
    ...(project === undefined ? {} : { project }),
    ...(failed.has(JSON.stringify([file, project])) ? { failed: true } : {}),
  }));
}

/** Reports show a file outside of the project by its whole path, which means nothing on another host. */
function fileOf(run: RunModel, file: string): string {
  return isAbsolute(file) ? withSlashes(relative(run.rootDir, file)) : file;
}
