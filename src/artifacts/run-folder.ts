/** The folder of one run, `<AVF_OUT>/<time>-<pid>/`, made once by the run's first process and used by all its workers. */
import { existsSync, readdirSync, readlinkSync, renameSync, rmSync, symlinkSync, type Dirent } from "node:fs";
import { join, resolve } from "node:path";
import { makePrivateFolder } from "./private-files.js";
import { goesOn, holdRunFolder } from "./run-lease.js";

/** How Jest's parent process tells its workers. */
export const RUN_FOLDER_VARIABLE = "AVF_RUN_FOLDER";
const RUN_NAME = /^\d{8}-\d{6}-\d+$/;
const KEPT_RUNS = 20;

/** `AVF_OUT`, else `avf-results` in the project's folder. */
export function resultsFolder(projectFolder: string): string {
  return resolve(projectFolder, process.env["AVF_OUT"] ?? "avf-results");
}

/** Makes this run's folder, points `latest` to it, and removes all but the newest runs, and those that go on. */
export function createRunFolder(projectFolder: string, now = new Date()): string {
  const results = resultsFolder(projectFolder);
  const time = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const name = `${time}-${process.pid}`;
  const folder = join(results, name);
  makePrivateFolder(folder);
  holdRunFolder(folder);
  process.env[RUN_FOLDER_VARIABLE] = folder;
  pointLatestTo(name, join(results, "latest"));
  removeOldRuns(results);
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

/** The folder made by `createRunFolder`, here or in the parent process; made now where Jest ran no global setup. */
export function runFolder(projectFolder: string): string {
  const inherited = process.env[RUN_FOLDER_VARIABLE];
  return inherited !== undefined && existsSync(inherited) ? inherited : createRunFolder(projectFolder);
}

/** The folder made by `createRunFolder` in this very process. A Jest that a test starts finds the variable of its parent's. */
export function ownRunFolder(): string | undefined {
  const folder = process.env[RUN_FOLDER_VARIABLE];
  return folder !== undefined && folder.endsWith(`-${process.pid}`) && existsSync(folder) ? folder : undefined;
}

/** A convenience only: what cannot be done for want of rights, links or room is left. */
function pointLatestTo(name: string, link: string): void {
  const draft = `${link}.${process.pid}`;
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
    if (goesOn(folder, Number(name.slice(name.lastIndexOf("-") + 1)))) continue;
    try {
      rmSync(folder, { recursive: true, force: true });
    } catch {
      // Another user's, say: no reason to fail this run.
    }
  }
}
