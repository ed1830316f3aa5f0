/** Makes room in the cache: what earlier sources made, and what was made of it. */
import { readdir, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { imagesInUse } from "./devices/records.js";

const KEEP_UNUSED_MS = 3 * 24 * 3_600_000;
/** The key of an image, alone or with what was made of it. What is called otherwise is somebody's. */
const NAME = /^([0-9a-f]{16})(-[\w.-]+)?$/;

/**
 * Removes images and snapshots that nobody used lately and nobody runs: those of earlier sources, and snapshots of the present
 * image for a kernel or processor that this host had before.
 */
export async function pruneCache(cache: string, { imageKey, snapshotFolder }: Present): Promise<void> {
  const running = new Set(await imagesInUse(cache));
  for (const folder of ["images", "snapshots", "adb"]) {
    for (const name of await readdir(join(cache, folder)).catch(() => [])) {
      const path = join(cache, folder, name);
      const key = NAME.exec(name)?.[1];
      if (key === undefined || running.has(key) || name.endsWith(".tmp")) continue;
      const isPresent = folder === "snapshots" ? name === basename(snapshotFolder) : key === imageKey;
      if (!isPresent && (await isUnused(path))) await rm(path, { recursive: true, force: true });
    }
  }
}

/** What a run is about to use. */
interface Present {
  readonly imageKey: string;
  readonly snapshotFolder: string;
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
