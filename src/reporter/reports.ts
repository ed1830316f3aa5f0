/** Writes all reports of a run into its folder, from its events alone. */
import { relative } from "node:path";
import { describeError } from "../base/errors.js";
import { historyBefore, withPast } from "./history/past.js";
import { reportPage } from "./html/page.js";
import { readRun } from "./model/build-model.js";
import type { RunModel } from "./model/run-model.js";
import { traceJson } from "./trace/trace.js";
import { writeReportFiles, type WrittenFiles } from "./write-report-files.js";

export interface WrittenReports extends WrittenFiles {
  readonly run: RunModel;
}

/** At once, so that a process that is about to end can do it. One report that fails does not stop the others. */
export function writeReports(runFolder: string): WrittenReports {
  const unread: string[] = [];
  const run = pastAdded(readRun(runFolder), unread);
  const { files, problems } = writeReportFiles(runFolder, run, { "report.html": reportPage, "trace.json": traceJson });
  return { run, files, problems: [...unread, ...problems] };
}

/** A history that cannot be read takes nothing else away. */
function pastAdded(run: RunModel, problems: string[]): RunModel {
  try {
    return withPast(run, historyBefore(run));
  } catch (error) {
    problems.push(`the history was not read: ${describeError(error)}`);
    return run;
  }
}

/** A path as short as it can be written from here. */
export function shortPath(path: string): string {
  const short = relative(process.cwd(), path);
  return short.startsWith("..") ? path : short;
}
