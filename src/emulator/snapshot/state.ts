/** The state of a machine beside its memory and its disk, which lie in files of their own. */
import type { Machine } from "../machine/launch.js";
import { ignoreSharedMemory, untilMigrated } from "../machine/migration.js";

/** Files of a finished snapshot, by name in its folder. */
export const SNAPSHOT_FILES = { memory: "memory", state: "state", data: "data.img" } as const;

/**
 * Stops the machine, writes its state into its working folder and ends it. Its memory has to be a shared mapping of a file:
 * that is left out (`x-ignore-shared`), so that only the devices' state is written, some hundred kilobytes.
 */
export async function saveState({ qmp }: Machine, signal: AbortSignal): Promise<void> {
  await qmp.command("stop");
  await ignoreSharedMemory(qmp);
  await qmp.command("migrate", { uri: `exec:cat > ${SNAPSHOT_FILES.state}` });
  await untilMigrated(qmp, signal);
  await qmp.command("quit");
}
