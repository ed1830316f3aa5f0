/** Continues a machine from a snapshot. Memory and disk are copy-on-write: any number of machines share one snapshot. */
import type { Machine } from "../machine/launch.js";
import { ignoreSharedMemory, untilLoaded } from "../machine/migration.js";
import { SNAPSHOT_FILES } from "./state.js";

/** Loads the state into a machine that waits for it (`incoming`) and lets it run. */
export async function restoreMachine(machine: Machine, signal: AbortSignal): Promise<void> {
  const { qmp } = machine;
  await qmp.negotiate(signal);
  await ignoreSharedMemory(qmp);
  await qmp.command("migrate-incoming", { uri: `exec:cat ${SNAPSHOT_FILES.state}` });
  await untilLoaded(qmp, signal);
  await qmp.command("cont");
}
