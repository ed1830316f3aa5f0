/**
 * The folder of one run, `<AVF_OUT>/<time>-<pid>/`. Jest's own process announces it before any worker starts; whoever
 * first has something to write makes it, so a run without suites of ours leaves none.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  type Dirent,
} from "node:fs";
import { randomBytes } from "node:crypto";
import { basename, dirname, join, resolve } from "node:path";
import { describeError, InfrastructureError } from "../base/errors.js";
import { inspectWritable } from "../base/files/writable.js";
import { makePrivateFolder, PRIVATE_FOLDER } from "./private-files.js";
import { goesOn, holdRunFolder } from "./run-lease.js";

/** How Jest's own process tells its workers. */
export const RUN_FOLDER_VARIABLE = "AVF_RUN_FOLDER";
/** Name of a run's folder, as a pattern: the time, the id of Jest's process, and a number where that has more runs. */
export const RUN_NAME_PATTERN = String.raw`\d{8}-\d{6}-\d+(?:-\d+)?`;
const RUN_NAME = new RegExp(`^${RUN_NAME_PATTERN}$`);
const KEPT_RUNS = 20;

/** By this process: in watch mode it has many runs. */
let announced = 0;

/** `AVF_OUT`, else `avf-results` in the project's folder. */
export function resultsFolder(projectFolder: string): string {
  return resolve(projectFolder, process.env["AVF_OUT"] || "avf-results");
}

/**
 * The same, for who is about to write there. Only looks.
 * @throws InfrastructureError when it can neither be written nor made
 */
export function requireResultsFolder(projectFolder: string): string {
  return requireWritable(resultsFolder(projectFolder));
}

function requireWritable(results: string): string {
  const problem = inspectWritable(results);
  if (problem === undefined) return results;
  throw notWritable(results, problem.reason);
}

function notWritable(results: string, reason: string): InfrastructureError {
  const message = `The records of a run cannot be written to ${results}: ${reason}.`;
  return new InfrastructureError("RESULTS_FOLDER", message, { hint: "name another folder: AVF_OUT=/path/to/results" });
}

/** The system may refuse what looks possible, as in /proc. */
function makeResults(results: string): string {
  try {
    makePrivateFolder(results);
    return results;
  } catch (error) {
    throw notWritable(results, describeError(error));
  }
}

/** Names the folder of the run that begins in this process; nothing is made yet. */
export function announceRun(projectFolder: string, now = new Date()): string {
  const time = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const first = join(resultsFolder(projectFolder), `${time}-${process.pid}`);
  let folder: string;
  do folder = ++announced === 1 ? first : `${first}-${announced}`;
  while (existsSync(folder));
  process.env[RUN_FOLDER_VARIABLE] = folder;
  return folder;
}

/** The newest run of the results folder; undefined when there is none. */
export function latestRunName(results: string): string | undefined {
  try {
    return readdirSync(results)
      .filter((entry) => RUN_NAME.test(entry))
      .sort()
      .at(-1);
  } catch {
    return undefined;
  }
}

/** Makes a run's folder, unless another process was sooner, and removes all but the newest runs, and those in progress. */
export function makeRunFolder(folder: string): void {
  const results = makeResults(requireWritable(dirname(folder)));
  try {
    mkdirSync(folder, { mode: PRIVATE_FOLDER });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return;
    throw error;
  }
  holdRunFolder(folder);
  pointLatestTo(basename(folder), join(results, "latest"));
  removeOldRuns(results);
}

/** The run that Jest's process, `jestPid`, announced. One of another process is that of a Jest around it. */
export function announcedRun(jestPid = process.pid): string | undefined {
  const folder = process.env[RUN_FOLDER_VARIABLE];
  const name = basename(folder ?? "");
  return RUN_NAME.test(name) && pidIn(name) === jestPid ? folder : undefined;
}

/** The folder of the run, made where it is not there; one of this process where nobody announced any. */
export function runFolder(projectFolder: string, jestPid = process.pid): string {
  const folder = announcedRun(jestPid) ?? announcedRun();
  if (folder === undefined) return createRunFolder(projectFolder);
  makeRunFolder(folder);
  return folder;
}

/** A folder for the run that begins in this process. */
export function createRunFolder(projectFolder: string, now = new Date()): string {
  const folder = announceRun(projectFolder, now);
  makeRunFolder(folder);
  return folder;
}

function pidIn(name: string): number {
  return Number(name.split("-")[2]);
}

/** A convenience only: failures, as without permission, symbolic links or space, are ignored. */
function pointLatestTo(name: string, link: string): void {
  const draft = `${link}.${process.pid}-${randomBytes(8).toString("hex")}`;
  try {
    if (!isOurs(link)) return;
    symlinkSync(name, draft);
    renameSync(draft, link);
  } catch {
    rmSync(draft, { force: true });
  }
}

/** Free, or a link of an earlier run. A file or a folder of that name is the user's, and so is a link to elsewhere. */
function isOurs(link: string): boolean {
  try {
    return RUN_NAME.test(readlinkSync(link));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}

function removeOldRuns(results: string): void {
  const runs = readdirSync(results, { withFileTypes: true })
    .filter((entry: Dirent) => entry.isDirectory() && RUN_NAME.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  for (const name of runs.slice(0, -KEPT_RUNS)) {
    const folder = join(results, name);
    if (goesOn(folder, pidIn(name))) continue;
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's, say: no reason to fail this run.
    }
  }
}
