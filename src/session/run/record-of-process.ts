/** What this process records of the run that it is at: one record for all the files that it runs. */
import { isMainThread } from "node:worker_threads";
import { announcedRun, runFolder } from "../../artifacts/run-folder.js";
import { RunRecord } from "../../artifacts/run-record.js";
import { UsageError } from "../../base/errors.js";
import { quoted } from "../../base/text/quoted.js";
import { jestPid } from "../../lab/process-end.js";

const NO_RUNNER =
  "avf: no reports will be made of this run, for Jest does not run it with jest-avf's runner: take `runner` out of the " +
  'configuration, or add "jest-avf/reporter" to `reporters` of the root configuration.';

let record: RunRecord | undefined;

/**
 * @param rootDir of the root configuration
 * @throws UsageError in a thread, where a runner of the project's own may have put us
 */
export function recordOfProcess(rootDir: string): RunRecord {
  if (!isMainThread) {
    throw new UsageError("WORKER_THREAD", "Suites of jest-avf cannot run in worker threads, which share one process.", {
      hint: "take `workerThreads` or `runner` out of the Jest configuration: jest-avf's runner starts processes",
    });
  }
  const alone = announcedRun(jestPid()) === undefined;
  const folder = runFolder(rootDir, jestPid());
  if (record?.folder === folder) return record;
  if (alone)
    process.stderr.write(`${NO_RUNNER}\navf: \`npx avf report ${quoted(folder)}\` makes them of what was recorded.\n`);
  record?.close();
  return (record = new RunRecord(folder));
}

/** For files that are loaded to list their tests. */
export function noRecord(): RunRecord {
  return new RunRecord("", true);
}
