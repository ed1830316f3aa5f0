/** Room on the disk for what is downloaded and made. */
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { InfrastructureError } from "../../base/errors.js";

const NEEDED_BYTES = 3 * 2 ** 30;

/**
 * Returns the free bytes where the cache is, or will be.
 * @throws InfrastructureError when they do not suffice for an image and its snapshot
 */
export async function requireSpace(cache: string): Promise<number> {
  const free = await freeBytes(cache);
  if (free >= NEEDED_BYTES) return free;
  throw noSpace(`The device image needs ${gib(NEEDED_BYTES)}; ${cache} has ${gib(free)} free.`);
}

/** @param cause of one that was met although there seemed to be room */
export function noSpace(message: string, cause?: unknown, lastLines: readonly string[] = []): InfrastructureError {
  return new InfrastructureError("NO_SPACE", message, {
    ...{ cause, lastLines },
    hint: "make room there, or name another folder: AVF_CACHE_DIR=/path/to/cache",
  });
}

async function freeBytes(folder: string): Promise<number> {
  if (!existsSync(folder) && dirname(folder) !== folder) return freeBytes(dirname(folder));
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

export function gib(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
