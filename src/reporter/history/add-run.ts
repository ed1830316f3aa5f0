/** Adds runs that have ended to the history (`AVF_HISTORY`). */
import { describeError } from "../../base/errors.js";
import { appendHistory } from "../../history/index.js";
import type { RunModel } from "../model/run-model.js";
import { runEntries } from "./run-entries.js";

/**
 * Returns what went wrong, in sentences: no test fails for it.
 * @param path undefined where no history is kept
 */
export function addToHistory(path: string | undefined, runs: readonly RunModel[]): readonly string[] {
  const entries = path === undefined ? [] : runs.flatMap(runEntries);
  if (path === undefined || entries.length === 0) return [];
  try {
    appendHistory(path, entries);
    return [];
  } catch (error) {
    return [`the run was not added to the history: ${describeError(error)}`];
  }
}
