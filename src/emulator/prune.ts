/** Makes room in the cache: what earlier sources made, and what was made of it. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { imagesInUse } from "./devices/records.js";

const KEEP_UNUSED_MS = 3 * 24 * 3_600_000;
/** The key of an image, alone or with what was made of it. What is called otherwise is somebody's. */
const NAME = /^([0-9a-f]{16})(-[\w.-]+)?$/;

/** Removes images and snapshots of earlier sources that nobody used lately and nobody runs. */
export async function pruneCache(cache: string, presentKey: string): Promise<void> {
  const used = new Set([...(await imagesInUse(cache)), presentKey]);
  for (const folder of ["images", "snapshots", "adb"].map((name) => join(cache, name))) {
    for (const name of await readdir(folder).catch(() => [])) {
      const path = join(folder, name);
      const key = NAME.exec(name)?.[1];
      if (key === undefined || used.has(key) || name.endsWith(".tmp")) continue;
      if (await isUnused(path)) await rm(path, { recursive: true, force: true });
    }
  }
}

/** Whatever the machine is: their memory has read a root disk that is not there any more. */
export async function removeSnapshotsOf(cache: string, key: string): Promise<void> {
  const folder = join(cache, "snapshots");
  const names = (await readdir(folder).catch(() => [])).filter((name) => NAME.exec(name)?.[1] === key);
  for (const name of names) await rm(join(folder, name), { recursive: true, force: true });
}

async function isUnused(path: string): Promise<boolean> {
  // Another process may remove it in this moment.
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && Date.now() - found.mtimeMs > KEEP_UNUSED_MS;
}
