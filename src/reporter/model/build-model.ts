/** From the events of a run to the model of it. */
import { realpathSync, statSync } from "node:fs";
import { basename, isAbsolute, join, relative, resolve } from "node:path";
import type { RunEvent } from "../../artifacts/events.js";
import { readEvents } from "../../artifacts/read-events.js";
import { filesBelow } from "../../base/files/files-below.js";
import { withSlashes } from "../../base/text/slashes.js";
import { number, text, texts } from "./event-text.js";
import { originOf } from "./origin.js";
import { ProcessTrack } from "./process-track.js";
import type { AttemptModel, BrokenFile, FileModel, RunModel } from "./run-model.js";
import { mergeTests, type RanAttempt } from "./tests.js";

/** Reads a run's folder. A run that was cut short gives a model of what there is. */
export function readRun(runFolder: string): RunModel {
  // `latest` is a link, and evidence may be named by the real path.
  const folder = realpathSync(runFolder);
  return buildModel(readEvents(folder), folder);
}

/** @param events in the order of their time */
export function buildModel(events: readonly RunEvent[], folder: string): RunModel {
  const startMs = events[0]?.atMs ?? 0;
  const processes = new Map<number, ProcessTrack>();
  for (const event of events) {
    const track = processes.get(event.pid) ?? new ProcessTrack(event.pid);
    processes.set(event.pid, track);
    track.add(event, event.atMs - startMs);
  }
  const tracks = [...processes.values()];
  for (const track of tracks) track.finish();
  const run = events.find((event) => event.kind === "run-started");
  const ended = events.findLast((event) => event.kind === "run-ended");
  const rootDir = run === undefined ? resolve(folder, "../..") : text(run.rootDir);
  const results = events.filter((event) => event.kind === "test-result");
  return {
    name: basename(folder),
    folder,
    project: run === undefined ? basename(rootDir) : text(run.project),
    rootDir,
    version: text(run?.version),
    argv: texts(run?.argv),
    startedWallMs: wallMs(events, startMs),
    durationMs: tracks.reduce((latest, { lastMs }) => Math.max(latest, lastMs), 0),
    cutShort: ended === undefined || ended.interrupted,
    devices: tracks.flatMap(({ devices }) => devices),
    tests: mergeTests(results, attemptsOf(tracks, folder), rootDir),
    brokenFiles: brokenFiles(events, rootDir),
    files: fileDurations(events, rootDir),
    origin: originOf(events),
  };
}

function wallMs(events: readonly RunEvent[], startMs: number): number {
  const anchor = events.find((event) => event.kind === "process-started");
  return anchor === undefined ? 0 : number(anchor.wallMs) - (anchor.atMs - startMs);
}

function attemptsOf(tracks: readonly ProcessTrack[], folder: string): readonly RanAttempt[] {
  const all = tracks.flatMap((track) =>
    track.attempts.map((attempt) => ({
      file: text(attempt.file),
      project: attempt.project,
      test: attempt.test,
      occurrence: attempt.occurrence,
      skipReason: attempt.end?.skipReason,
      failureClass: attempt.end?.failureClass,
      model: track.attemptModel(attempt, evidenceOf(attempt.end?.evidence, folder)),
    })),
  );
  return all.sort((a, b) => a.model.startMs - b.model.startMs);
}

/** Only folders within the run's own are named: the record is a file that others may have written to. */
function evidenceOf(evidence: unknown, folder: string): AttemptModel["evidence"] {
  if (typeof evidence !== "string" || evidence === "") return undefined;
  const path = resolve(folder, evidence);
  const inside = relative(folder, path);
  if (inside === "" || inside.startsWith("..") || isAbsolute(inside) || !isAt(path)) return undefined;
  return {
    folder: withSlashes(inside),
    files: filesBelow(path)
      .map((file) => withSlashes(file))
      .sort(),
  };
}

/** It is there, and no link led to it. */
function isAt(path: string): boolean {
  try {
    return realpathSync(path) === path && statSync(path).isDirectory();
  } catch {
    return false;
  }
}

function brokenFiles(events: readonly RunEvent[], rootDir: string): readonly BrokenFile[] {
  return events.flatMap((event) => {
    if (event.kind !== "file-result" || event.failure === undefined) return [];
    return [{ file: relativeTo(rootDir, text(event.file)), project: event.project, failure: text(event.failure) }];
  });
}

function fileDurations(events: readonly RunEvent[], rootDir: string): readonly FileModel[] {
  return events.flatMap((event) => {
    if (event.kind !== "file-result" || event.durationMs === undefined) return [];
    const { file, project, durationMs } = event;
    return [{ file: relativeTo(rootDir, text(file)), project, durationMs: number(durationMs) }];
  });
}

function relativeTo(rootDir: string, file: string): string {
  const path = relative(rootDir, file);
  return path.startsWith("..") ? file : withSlashes(join(path));
}
