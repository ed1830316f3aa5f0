/** Folders on the host that outlive a process. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** The package's own folder: `src/`, `dist/` and `fixtures/` lie in it. */
export const packageRoot = resolve(__dirname, "../..");

/** Images, snapshots, device records: `AVF_CACHE_DIR`, else `$XDG_CACHE_HOME/jest-avf`, else `~/.cache/jest-avf`. */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  if (environment["AVF_CACHE_DIR"]) return resolve(environment["AVF_CACHE_DIR"]);
  // An empty variable counts as unset, as the XDG specification has it.
  return resolve(environment["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "jest-avf");
}
