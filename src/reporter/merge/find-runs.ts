/** The runs in folders: each is one, or has some below it, as CI systems lay artifacts out. */
import { readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { eventFiles } from "../../artifacts/read-events.js";
import { RUN_NAME_PATTERN } from "../../artifacts/run-folder.js";
import { describeError, UsageError } from "../../base/errors.js";
import { placeName, readHead, type RunHead } from "./run-head.js";

export interface FoundRun {
  readonly folder: string;
  /** `shard 2/4 on lab-7`. */
  readonly name: string;
  readonly head: RunHead;
}

interface FoundRuns {
  /** By shard, then by when they began. */
  readonly runs: readonly FoundRun[];
  /** Folders that have none. */
  readonly empty: readonly string[];
}

const RUN_NAME = new RegExp(`^${RUN_NAME_PATTERN}$`);
const MAX_DEPTH = 4;
const MAX_RUNS = 2_000;

/**
 * @throws UsageError when there is none at all, when a folder cannot be read, or when the same run is there twice: its tests
 * would count twice
 */
export function findRuns(folders: readonly string[]): FoundRuns {
  const found = folders.map((folder) => ({ folder, runs: runsBelow(folder) }));
  const runs = found.flatMap((each) => each.runs).map(describe);
  if (runs.length === 0) {
    throw new UsageError("NO_SUCH_RUN", `There is no run in ${folders.join(", ")}.`, {
      hint: "name the folders of runs (avf-results/20260102-030405-678), or folders that have some below them",
    });
  }
  if (runs.length > MAX_RUNS) {
    throw new UsageError(
      "BAD_ARGUMENTS",
      `There are ${runs.length} runs in ${folders.join(", ")}, more than ${MAX_RUNS}.`,
    );
  }
  refuseTwice(runs);
  const byShard = (a: FoundRun, b: FoundRun): number =>
    (a.head.origin.shard?.index ?? 0) - (b.head.origin.shard?.index ?? 0) ||
    a.head.startedWallMs - b.head.startedWallMs;
  return {
    runs: [...runs].sort(byShard),
    empty: found.filter((each) => each.runs.length === 0).map(({ folder }) => folder),
  };
}

function describe(folder: string): FoundRun {
  const head = readHead(folder);
  return { folder, head, name: placeName(head.origin, folder) };
}

function refuseTwice(runs: readonly FoundRun[]): void {
  const seen = new Map<string, FoundRun>();
  for (const run of runs) {
    const other = seen.get(run.head.identity);
    if (other !== undefined) {
      const message = `${other.folder} and ${run.folder} are the same run (${run.name}).`;
      throw new UsageError("BAD_ARGUMENTS", message, { hint: "leave one of them out: its tests would count twice" });
    }
    seen.set(run.head.identity, run);
  }
}

/** The folder itself may be named by a link; below it no link is followed. */
function runsBelow(named: string): readonly string[] {
  try {
    const folder = realpathSync(named);
    if (!statSync(folder).isDirectory()) throw new Error("it is not a folder");
    return search(folder, 0);
  } catch (error) {
    throw new UsageError("BAD_ARGUMENTS", `${named} cannot be read: ${describeError(error)}`);
  }
}

function search(folder: string, depth: number): readonly string[] {
  if (eventFiles(folder).length > 0) return [folder];
  if (depth === MAX_DEPTH) return [];
  const names = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  // Some CI systems follow the link `latest` of a results folder, and store the run that it leads to once more.
  const isResults = names.some((name) => RUN_NAME.test(name));
  return names
    .filter((name) => !isResults || name !== "latest")
    .sort()
    .flatMap((name) => search(join(folder, name), depth + 1));
}
