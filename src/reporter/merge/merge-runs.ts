/**
 * Several runs, of shards on other hosts perhaps, as one report. One run is looked at after the other, and nothing but results
 * is kept, so that memory does not grow with what they recorded.
 */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { makePrivateFolder } from "../../artifacts/private-files.js";
import { describeError, UsageError } from "../../base/errors.js";
import { readHistory, historyFile } from "../../history/index.js";
import { addToHistory } from "../history/add-run.js";
import { withPast } from "../history/past.js";
import { MAX_CHARACTERS, MAX_LINES, pageOf, type TestBlock } from "../html/page.js";
import { countTests, type AttemptModel, type RunModel } from "../model/run-model.js";
import { Threads, traceHead } from "../trace/trace.js";
import { writeReportFiles, type WrittenFiles } from "../write-report-files.js";
import { EvidenceCopier } from "./copy-evidence.js";
import { findRuns } from "./find-runs.js";
import { joinBrokenFiles, joinTests } from "./join-tests.js";
import { loadPart, type LoadedPart, type Workshop } from "./load-part.js";
import { notesOf, type MergeNotes } from "./notes.js";
import { Spool } from "./spool.js";

export interface MergedReports extends MergeNotes, WrittenFiles {
  readonly run: RunModel;
}

/**
 * @param out a folder that is not there, or empty
 * @throws UsageError for folders that are no runs, or the same run
 */
export function mergeRuns(folders: readonly string[], out: string): MergedReports {
  const { runs, empty } = findRuns(folders);
  claim(out);
  const attempts = new Spool(join(out, ".attempts"));
  const trace = new Spool(join(out, ".trace"));
  try {
    const workshop: Workshop = {
      ...{ out, attempts, trace, chunks: new Map<AttemptModel, never>(), threads: new Threads() },
      startedWallMs: Math.min(...runs.map(({ head }) => head.startedWallMs)),
      evidence: new EvidenceCopier(),
    };
    const parts = runs.map((found, place) => {
      const share = {
        left: Math.floor(MAX_LINES / runs.length),
        charactersLeft: Math.floor(MAX_CHARACTERS / runs.length),
      };
      return loadPart(found, place + 1, share, workshop);
    });
    const notes = notesOf(parts, empty);
    const odd = [...notes.odd, ...workshop.evidence.notes()];
    const { run, problems } = rememberedBy(joinRuns(parts, workshop, { ...notes, odd }), parts);
    const written = writeReportFiles(out, run, {
      "report.html": () => pageOf(run, blocks(run, workshop)),
      "trace.json": () => traceParts(run, workshop),
    });
    return { ...notes, odd, run, files: written.files, problems: [...problems, ...written.problems] };
  } finally {
    attempts.close();
    trace.close();
  }
}

function claim(out: string): void {
  makePrivateFolder(out);
  if (readdirSync(out).length === 0) return;
  throw new UsageError("BAD_ARGUMENTS", `${out} is not empty.`, { hint: "name a folder that is not there yet" });
}

function joinRuns(parts: readonly LoadedPart[], workshop: Workshop, { missing, odd }: MergeNotes): RunModel {
  const [{ run: first }] = parts as readonly [LoadedPart, ...LoadedPart[]];
  const { startedWallMs, out } = workshop;
  const runs = parts.map(({ run }) => run);
  return {
    ...first,
    ...{ name: basename(out), folder: out, startedWallMs },
    argv: first.argv.filter((arg, at) => !/^--shard(=|$)/.test(arg) && first.argv[at - 1] !== "--shard"),
    durationMs: Math.max(...runs.map((run) => run.startedWallMs - startedWallMs + run.durationMs)),
    cutShort: missing.length > 0,
    devices: runs.flatMap(({ devices }) => devices),
    tests: joinTests(parts),
    brokenFiles: joinBrokenFiles(parts),
    files: runs.flatMap(({ files }) => files),
    origin: { ...first.origin, id: undefined, host: undefined, shard: undefined },
    merged: {
      notes: [...missing, ...odd],
      parts: parts.map(({ found, run }) => ({
        ...{ name: found.name, origin: run.origin, argv: run.argv, startedWallMs: run.startedWallMs },
        ...{ durationMs: run.durationMs, cutShort: run.cutShort, counts: countTests(run) },
      })),
    },
  };
}

/** The history of the one who merges: what it says about earlier runs, and these runs added to it. */
function rememberedBy(
  run: RunModel,
  parts: readonly LoadedPart[],
): { readonly run: RunModel; readonly problems: readonly string[] } {
  const path = historyFile(process.cwd());
  if (path === undefined) return { run, problems: [] };
  const own = new Set(parts.map((part) => part.run.origin.id));
  try {
    const known = new Set<string | undefined>();
    const history = readHistory([path], (past) => {
      known.add(past.run);
      return !own.has(past.run) && past.atMs < run.startedWallMs;
    });
    // A shard may have added itself, where its history is this one.
    const runs = parts.map((part) => part.run).filter(({ origin }) => !known.has(origin.id));
    const problems = addToHistory(path, runs);
    return { run: withPast(run, history), problems };
  } catch (error) {
    return { run, problems: [`the history was not read: ${describeError(error)}`] };
  }
}

function* blocks(run: RunModel, { attempts, chunks }: Workshop): Generator<TestBlock, void, undefined> {
  for (const { id, failures, rerun, attempts: ran } of run.tests) {
    if (ran.length === 0 && failures.length === 0) continue;
    const told = ran.map((attempt) => attempts.read(chunks.get(attempt)!));
    const [head, tail] = JSON.stringify({ failures, rerun, attempts: [] }).split(/(?<="attempts":\[)(?=\]\}$)/);
    yield { id, json: `${head}${told.join(",")}${tail}` };
  }
}

function* traceParts(run: RunModel, { trace, threads }: Workshop): Generator<string, void, undefined> {
  yield traceHead(run);
  yield* trace.all();
  yield threads
    .names()
    .map((event) => JSON.stringify(event))
    .join(",\n");
  yield "\n]}\n";
}
