/** Whether programs may be run from the cache: the emulator, and what makes images, lie in it. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { InfrastructureError } from "../../base/errors.js";
import { mountOf } from "../../process/mounts.js";

/** @throws InfrastructureError when its file system, or the one that it would be made on, is mounted noexec */
export function requireExecutable(cache: string): void {
  const mount = mountOf(nearest(cache));
  if (mount === undefined || !mount.flags.includes("noexec")) return;
  throw new InfrastructureError(
    "CACHE_UNUSABLE",
    `The cache ${cache} cannot be used: no program may be run from it, for ${mount.point} is mounted noexec.`,
    { hint: "name another folder: AVF_CACHE_DIR=/path/to/cache" },
  );
}

function nearest(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearest(dirname(path));
}
