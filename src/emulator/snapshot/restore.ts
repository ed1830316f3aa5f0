/** Continues a machine from a snapshot. Memory and disk are copy-on-write: any number of machines share one snapshot. */
import { loadDeviceState } from "../machine/device-state.js";
import type { Machine } from "../machine/launch.js";
import { SNAPSHOT_FILES } from "./state.js";

/** Loads the state into a machine that waits for it (`incoming`) and lets it run. */
export async function restoreMachine({ qmp }: Machine, signal: AbortSignal): Promise<void> {
  await qmp.negotiate(signal);
  await loadDeviceState(qmp, SNAPSHOT_FILES.state, signal);
  await qmp.execute("cont");
}
