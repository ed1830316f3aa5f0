/** Which snapshot it is that lies in a folder: one that was rebuilt under the same name is another. */
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { SNAPSHOT_FILES } from "./state.js";

/** Equal for the same snapshot only. Of a folder without one: `none`. */
export async function identifySnapshot(folder: string): Promise<string> {
  try {
    const { ino, mtimeNs } = await stat(join(folder, SNAPSHOT_FILES.state), { bigint: true });
    return `${ino} ${mtimeNs}`;
  } catch {
    return "none";
  }
}

/** For who has the set-up lock. @param only the snapshot that is meant, as `identifySnapshot` named it; another one stays */
export async function removeSnapshot(folder: string, only?: string): Promise<void> {
  if (only !== undefined && (await identifySnapshot(folder)) !== only) return;
  await rm(folder, { recursive: true, force: true });
}
