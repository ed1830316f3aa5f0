/** Where the cache is: images, snapshots, records of devices. Nothing is looked at or made. */
import { userInfo } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { UsageError } from "../errors.js";

/**
 * `AVF_CACHE_DIR`, else `$XDG_CACHE_HOME/jest-avf`, else `~/.cache/jest-avf`.
 * @throws UsageError when there is no telling, or the path is one that package tools cannot take
 */
export function cacheLocation(environment: NodeJS.ProcessEnv = process.env, accountHome = homeOfAccount): string {
  const { AVF_CACHE_DIR: chosen, XDG_CACHE_HOME: xdg, HOME: home } = environment;
  if (chosen) return checked("AVF_CACHE_DIR", resolve(chosen));
  // As the XDG specification has it, what is empty or relative counts as unset.
  if (xdg && isAbsolute(xdg)) return checked("XDG_CACHE_HOME", join(xdg, "jest-avf"));
  const folder = home ? resolve(home) : accountHome();
  if (folder !== undefined) return checked("HOME", join(folder, ".cache", "jest-avf"));
  throw new UsageError(
    "NO_HOME",
    "There is no place for the cache: HOME is not set, and this user has no home folder.",
    {
      hint: "name a folder: AVF_CACHE_DIR=/path/to/cache",
    },
  );
}

function checked(variable: string, path: string): string {
  // Lists of files that packages are made of are lines.
  if (!/[\u0000-\u001f\u007f]/.test(path)) return path;
  throw new UsageError(
    "CACHE_PATH",
    `The cache cannot lie in ${JSON.stringify(path)} (${variable}): the path has a line break or another control character.`,
    { hint: "name another folder: AVF_CACHE_DIR=/path/to/cache" },
  );
}

/** Undefined for a user that the system has no account for, as in containers that are run with any uid. */
function homeOfAccount(): string | undefined {
  try {
    return userInfo().homedir || undefined;
  } catch {
    return undefined;
  }
}
