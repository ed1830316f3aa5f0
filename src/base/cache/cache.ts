/** The cache of this process's user: for those who read it, and for those who write there. */
import { chmodSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { describeError, InfrastructureError } from "../errors.js";
import { makeFolder } from "../files/make-folder.js";
import { cacheLocation } from "./location.js";
import { inspectCache, inspectTrust, type CacheProblem } from "./usable.js";

/** Mode of a folder with secrets: its owner alone. */
export const PRIVATE_FOLDER = 0o700;
export const PRIVATE_FILE = 0o600;

/** Folders that hold the memory of machines. */
const WITH_MEMORY = ["snapshots", "checkpoints", "devices"];

const trusted = new Set<string>();
const opened = new Set<string>();

/**
 * The cache's folder, which may not be there yet.
 * @throws InfrastructureError when others than this user could have written what is in it
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const path = cacheLocation(environment);
  if (trusted.has(path)) return path;
  refuse(inspectTrust(path));
  trusted.add(path);
  return path;
}

/**
 * The same for who is about to write there: it is there then, and its owner's alone, also when an earlier version made it.
 * @throws InfrastructureError when it cannot be trusted or written
 */
export function openCache(environment: NodeJS.ProcessEnv = process.env): string {
  const path = cacheFolder(environment);
  // Somebody may have removed it since.
  if (opened.has(path) && statSync(path, { throwIfNoEntry: false }) !== undefined) return path;
  requireCache(environment);
  makeCache(path);
  if ((statSync(path).mode & 0o077) !== 0) {
    for (const name of WITH_MEMORY) makePrivate(join(path, name));
    // Last: what is within is private once this is seen to be.
    chmodSync(path, PRIVATE_FOLDER);
  }
  opened.add(path);
  return path;
}

/** The system may refuse what looks possible, as in /proc. */
function makeCache(path: string): void {
  try {
    makeFolder(path, PRIVATE_FOLDER);
  } catch (error) {
    const message = `The cache ${path} cannot be made: ${describeError(error)}.`;
    throw new InfrastructureError("CACHE_UNUSABLE", message, {
      hint: "name another folder: AVF_CACHE_DIR=/path/to/cache",
    });
  }
}

/**
 * Only looks.
 * @throws InfrastructureError when it cannot be trusted or written
 */
export function requireCache(environment: NodeJS.ProcessEnv = process.env): string {
  const path = cacheLocation(environment);
  refuse(inspectCache(path));
  return path;
}

/** Takes from everybody but the owner what is in a folder; one that is not there is fine. Links are not followed. */
export function makePrivate(folder: string): void {
  try {
    chmodSync(folder, PRIVATE_FOLDER);
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) makePrivate(path);
      else if (entry.isFile()) chmodSync(path, PRIVATE_FILE);
    }
  } catch (error) {
    // It was removed meanwhile, as folders of devices are.
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}

/**
 * Lets everybody read what is in a folder, and run what its owner may run, whatever the umask was: for what is no secret and
 * lies in the cache, which nobody else gets into. Links are not followed.
 */
export function makeReadable(folder: string): void {
  chmodSync(folder, 0o755);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) makeReadable(path);
    else if (entry.isFile()) chmodSync(path, (statSync(path).mode & 0o100) === 0 ? 0o644 : 0o755);
  }
}

function refuse(problem: CacheProblem | undefined): void {
  if (problem === undefined) return;
  throw new InfrastructureError(problem.code, `${problem.reason}.`, {
    details:
      problem.code === "CACHE_UNTRUSTED"
        ? [
            "Programs are run from the cache and machines are continued from it: only its user may be able to write there.",
          ]
        : [],
    hint: problem.fix,
  });
}
