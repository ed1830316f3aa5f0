/** The folder of one run, `<AVF_OUT>/<time>-<pid>/`, made once by the run's first process and used by all its workers. */
import { existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, unlinkSync, type Dirent } from "node:fs";
import { join, resolve } from "node:path";

/** How Jest's parent process tells its workers. */
export const RUN_FOLDER_VARIABLE = "AVF_RUN_FOLDER";
const RUN_NAME = /^\d{8}-\d{6}-\d+$/;
const KEPT_RUNS = 20;

/** `AVF_OUT`, else `avf-results` in the project's folder. */
export function resultsFolder(projectFolder: string): string {
  return resolve(projectFolder, process.env["AVF_OUT"] ?? "avf-results");
}

/** Makes this run's folder, points `latest` to it, and removes all but the newest runs. */
export function createRunFolder(projectFolder: string, now = new Date()): string {
  const results = resultsFolder(projectFolder);
  const time = now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const name = `${time}-${process.pid}`;
  const folder = join(results, name);
  mkdirSync(folder, { recursive: true });
  process.env[RUN_FOLDER_VARIABLE] = folder;
  pointLatestTo(name, join(results, "latest"));
  removeOldRuns(results);
  return folder;
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

/** A convenience only: two runs that start at once may race for it, and one of them loses. */
function pointLatestTo(name: string, link: string): void {
  try {
    unlinkSync(link);
  } catch {
    // There was none.
  }
  try {
    symlinkSync(name, link);
  } catch {
    // Another run put its own there, or the file system has no links.
  }
}

function removeOldRuns(results: string): void {
  const runs = readdirSync(results, { withFileTypes: true })
    .filter((entry: Dirent) => entry.isDirectory() && RUN_NAME.test(entry.name))
    .map((entry) => entry.name)
    .sort();
  for (const name of runs.slice(0, -KEPT_RUNS)) rmSync(join(results, name), { recursive: true, force: true });
}
