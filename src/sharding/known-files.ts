/** What a history knows of test files: how long each takes, and which failed last. */
import { relative } from "node:path";
import { withSlashes } from "../base/text/slashes.js";
import { fileKey, historyFile, median, pipelineOf, readHistory, type History } from "../history/index.js";

export interface KnownFile {
  readonly durationMs: number;
  readonly failed: boolean;
}

/** One slow run, or one that a filter made short, changes nothing. */
const LATEST = 5;

/**
 * Jobs of the same run of a CI system may have added to the history already: they are left out, so that all shards of it see
 * the same. Undefined when no history is kept.
 */
export function openKnownFiles(rootDir: string): KnownFiles | undefined {
  const path = historyFile(rootDir);
  if (path === undefined) return undefined;
  const pipeline = pipelineOf();
  const history = readHistory([path], (run) => pipeline === undefined || run.pipeline !== pipeline);
  return new KnownFiles(history, rootDir);
}

export class KnownFiles {
  constructor(
    private readonly history: History,
    private readonly rootDir: string,
  ) {}

  keyOf(path: string, project: string | undefined): string {
    const file = withSlashes(relative(this.rootDir, path));
    return fileKey({ file, ...(project === undefined ? {} : { project }) });
  }

  get(key: string): KnownFile | undefined {
    const past = this.history.files.get(key) ?? [];
    const last = past.at(-1);
    if (last === undefined) return undefined;
    const durationMs = median(past.slice(-LATEST).map(({ entry }) => entry.durationMs));
    return { durationMs, failed: last.entry.failed === true };
  }
}
