/** Room on the disk for what is downloaded and made. */
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname } from "node:path";
import { InfrastructureError } from "../../base/errors.js";

/** An image with its packages and all that comes after it; a snapshot alone, which is about 0.65 GiB. */
const NEEDED_BYTES = { image: 3 * 2 ** 30, snapshot: 2 ** 30 } as const;

/**
 * Returns the free bytes where the cache is, or will be.
 * @param what is to be made: an image and then its snapshot, or that alone
 * @throws InfrastructureError when they do not suffice for it
 */
export async function requireSpace(cache: string, what: keyof typeof NEEDED_BYTES = "image"): Promise<number> {
  const free = await freeBytes(cache);
  const needed = NEEDED_BYTES[what];
  if (free >= needed) return free;
  throw noSpace(`The device ${what} needs ${gib(needed)}; ${cache} has ${gib(free)} free.`);
}

/** While an image is made: the kernel, packed and unpacked, and files of the compiler. While one is packed: the package. */
const TEMPORARY_BYTES = 100 * 2 ** 20;

/** @throws InfrastructureError when temporary files of making an image do not find room */
export async function requireTemporarySpace(folder = tmpdir()): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= TEMPORARY_BYTES) return;
  const mib = (bytes: number): string => `${Math.floor(bytes / 2 ** 20)} MiB`;
  const what = `The device image takes ${mib(TEMPORARY_BYTES)} of temporary files while it is made; ${folder} has ${mib(free)} free.`;
  throw new InfrastructureError("NO_SPACE", what, {
    hint: "make room there, or name another folder: TMPDIR=/path/to/folder",
  });
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
