/** Writes all reports of a run into its folder, from its events alone. */
import { join, relative } from "node:path";
import { writeWhole } from "../artifacts/write-whole.js";
import { describeError } from "../base/errors.js";
import { historyBefore, withPast } from "./history/past.js";
import { reportPage } from "./html/page.js";
import { readRun } from "./model/build-model.js";
import type { RunModel } from "./model/run-model.js";
import { traceJson } from "./trace/trace.js";
import { junitXml } from "./results/junit.js";
import { xtsResultXml } from "./results/xts-result.js";

const REPORTS: Readonly<Record<string, (run: RunModel) => Iterable<string>>> = {
  "report.html": reportPage,
  "trace.json": traceJson,
  "junit.xml": junitXml,
  "test_result.xml": xtsResultXml,
};

export interface WrittenReports {
  readonly run: RunModel;
  /** Names of the files, in the run's folder. */
  readonly files: readonly string[];
  /** What could not be written, and why. */
  readonly problems: readonly string[];
}

/** At once, so that a process that is about to end can do it. One report that fails does not stop the others. */
export function writeReports(runFolder: string): WrittenReports {
  const problems: string[] = [];
  const run = pastAdded(readRun(runFolder), problems);
  const files: string[] = [];
  for (const [name, report] of Object.entries(REPORTS)) {
    try {
      writeWhole(join(runFolder, name), report(run));
      files.push(name);
    } catch (error) {
      problems.push(`${name} was not written: ${describeError(error)}`);
    }
  }
  return { run, files, problems };
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
