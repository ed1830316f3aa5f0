/**
 * The state of a machine's devices and processors, without its memory and its disks: some hundred kilobytes. QEMU has a
 * command for it that was made for Xen, whose memory is not QEMU's either. It loads like any incoming migration.
 */
import type { QmpClient } from "../../qmp/client.js";

/** The machine has to be stopped. `path` is overwritten. */
export async function saveDeviceState(qmp: QmpClient, path: string): Promise<void> {
  // `live` would hand the disks over to the process that loads the state.
  await qmp.execute("xen-save-devices-state", { filename: path, live: false });
}

/**
 * For a machine that waits for a state (`incoming`), and has its memory already.
 * @param file in QEMU's current folder, a plain name
 */
export async function loadDeviceState(qmp: QmpClient, file: string, signal: AbortSignal): Promise<void> {
  await qmp.execute("migrate-incoming", { uri: `file:${file}` });
  await qmp.pollUntil("query-status", (answer) => (answer as { status?: string }).status !== "inmigrate", signal);
}
