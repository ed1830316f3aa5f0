/** Where an adb server that we start keeps its key: it ends at once when it cannot make `.android` in its home. */
import { mkdirSync, statSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { openCache } from "../../../base/cache/cache.js";
import { inspectWritable } from "../../../base/files/writable.js";

/** For its environment: nothing where the user's home serves, else a home in the cache, with a key of its own. */
export function serverEnvironment(environment: NodeJS.ProcessEnv = process.env): { readonly HOME?: string } {
  const home = environment["HOME"] || homeOfAccount();
  if (home !== undefined && isOurs(home) && inspectWritable(join(home, ".android")) === undefined) return {};
  const own = join(openCache(environment), "adb-home");
  mkdirSync(own, { recursive: true, mode: 0o700 });
  return { HOME: own };
}

/** Root may write in anybody's home, and would leave a key there that its owner's adb cannot read. */
function isOurs(home: string): boolean {
  const owner = statSync(home, { throwIfNoEntry: false })?.uid;
  return process.geteuid?.() !== 0 || owner === undefined || owner === 0;
}

/** As adb looks it up; undefined for a user without an account, as in containers that are run with any uid. */
export function homeOfAccount(): string | undefined {
  try {
    return userInfo().homedir || undefined;
  } catch {
    return undefined;
  }
}
