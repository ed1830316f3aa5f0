/** How slow this host emulates: measured by the boot that each snapshot is made of, and kept beside the snapshot. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { boundedSlowness } from "../../base/vm/speed-properties.js";

/** Power-on until avfd and adb answered, on two idle cores of 2023 under TCG: waits have their lengths from there. */
const USUAL_BOOT_MS = 8_000;
const FILE = "boot-time.json";

export async function keepBootTime(snapshotFolder: string, bootMs: number): Promise<void> {
  await writeFile(join(snapshotFolder, FILE), JSON.stringify({ bootMs: Math.round(bootMs) }));
}

/** 1 for a host of usual speed and for a faster one; never fails, for it only makes waits longer. */
export async function readSlowness(snapshotFolder: string): Promise<number> {
  try {
    const { bootMs } = JSON.parse(await readFile(join(snapshotFolder, FILE), "utf8")) as { readonly bootMs?: unknown };
    return boundedSlowness((typeof bootMs === "number" ? bootMs : USUAL_BOOT_MS) / USUAL_BOOT_MS);
  } catch {
    return 1;
  }
}
