/** The state of a machine beside its memory and its disk, which lie in files of their own. */
import { join } from "node:path";
import { saveDeviceState } from "../machine/device-state.js";
import type { Machine } from "../machine/launch.js";

/** Files of a finished snapshot, by name in its folder. */
export const SNAPSHOT_FILES = { memory: "memory", state: "state", data: "data.img" } as const;

/** Stops the machine, writes its state into `folder`, as QEMU calls it, and ends it. Its memory and its disk are files that it writes to. */
export async function saveState({ qmp }: Machine, folder: string): Promise<void> {
  await qmp.execute("stop");
  await saveDeviceState(qmp, join(folder, SNAPSHOT_FILES.state));
  await qmp.execute("quit");
}
