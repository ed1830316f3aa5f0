/** Writes the reports of a run, or of several that were merged. */
import { join } from "node:path";
import { writeWhole } from "../artifacts/write-whole.js";
import { describeError } from "../base/errors.js";
import type { RunModel } from "./model/run-model.js";
import { REPORT_FILES, type ReportFile, type ResultFile } from "./report-files.js";
import { junitXml } from "./results/junit.js";
import { xtsResultXml } from "./results/xts-result.js";

/** Made of results alone, so that one run and several have them from the same function. */
const RESULTS: Readonly<Record<ResultFile, (run: RunModel) => Iterable<string>>> = {
  "junit.xml": junitXml,
  "test_result.xml": xtsResultXml,
};

/** Reports that show recorded events too. A merge keeps those on disk, not in its model, and makes these in its own way. */
type EventReports = Readonly<Record<Exclude<ReportFile, ResultFile>, (run: RunModel) => Iterable<string>>>;

export interface WrittenFiles {
  /** Names of the files, in the folder. */
  readonly files: readonly ReportFile[];
  /** What could not be written, and why. */
  readonly problems: readonly string[];
}

/** At once, so that a process that is about to end can do it. One report that fails does not stop the others. */
export function writeReportFiles(folder: string, run: RunModel, eventReports: EventReports): WrittenFiles {
  const reports = { ...eventReports, ...RESULTS };
  const files: ReportFile[] = [];
  const problems: string[] = [];
  for (const name of REPORT_FILES) {
    try {
      writeWhole(join(folder, name), reports[name](run));
      files.push(name);
    } catch (error) {
      problems.push(`${name} was not written: ${describeError(error)}`);
    }
  }
  return { files, problems };
}
