/** Past runs: a file of JSON lines that runs add to, and what follows from it. */
export { appendHistory, joinHistories, type Bounds } from "./append.js";
export {
  fileKey,
  testKey,
  type Entry,
  type FileEntry,
  type PastOutcome,
  type RunEntry,
  type TestEntry,
} from "./entries.js";
export { breakage, decided, flakiness, type Breakage, type Flakiness } from "./flaky.js";
export { NO_HISTORY, readHistory, requireHistory, type History, type Past } from "./read-history.js";
export { commitOf, historyFile, pipelineOf } from "./run-facts.js";
export { median, slowdown, type Slowdown } from "./slower.js";
export { summarize, type HistorySummary, type TestName } from "./summary.js";
export { notedSplit, noteSplit, type Split } from "./noted-split.js";
