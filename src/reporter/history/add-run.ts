/** Adds a run that has ended to the history (`AVF_HISTORY`). */
import { describeError } from "../../base/errors.js";
import { appendHistory, historyFile } from "../../history/index.js";
import type { RunModel } from "../model/run-model.js";
import { runEntries } from "./run-entries.js";

/** Returns what went wrong, in sentences: no test fails for it. */
export function addToHistory(...runs: readonly RunModel[]): readonly string[] {
  return runs.flatMap((run) => {
    const path = historyFile(run.rootDir);
    const entries = path === undefined ? [] : runEntries(run);
    if (path === undefined || entries.length === 0) return [];
    try {
      appendHistory(path, entries);
      return [];
    } catch (error) {
      return [`the run was not added to the history: ${describeError(error)}`];
    }
  });
}
