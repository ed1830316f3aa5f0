/** Continues a machine from a snapshot. Memory and disk are copy-on-write: any number of machines share one snapshot. */
import { randomBytes } from "node:crypto";
import { InfrastructureError } from "../../base/errors.js";
import type { Machine } from "../machine/launch.js";
import { ignoreSharedMemory, untilLoaded } from "../machine/migration.js";
import { SNAPSHOT_FILES } from "./state.js";

const TIMEOUT_MS = 30_000;

export interface DeviceIdentity {
  readonly serialNumber: string;
  readonly release: 13 | 15;
  /** VMs go on from templates of their shape instead of booting, where the monitor can do it. */
  readonly vmTemplates: boolean;
}

/** Loads the state into a machine that waits for it (`incoming`) and lets it run. */
export async function restoreMachine(machine: Machine, signal: AbortSignal): Promise<void> {
  const { qmp } = machine;
  await qmp.negotiate(signal);
  await ignoreSharedMemory(qmp);
  await qmp.command("migrate-incoming", { uri: `exec:cat ${SNAPSHOT_FILES.state}` });
  await untilLoaded(qmp, signal);
  await qmp.command("cont");
}

/** What must differ between machines that continue from one moment: clock, randomness, serial number. */
export async function personalize(machine: Machine, identity: DeviceIdentity, signal: AbortSignal): Promise<void> {
  const { control } = machine;
  const properties = {
    "ro.serialno": identity.serialNumber,
    "debug.avf.vm_templates": identity.vmTemplates ? "1" : "0",
  };
  try {
    await Promise.all([
      control.request({ command: "clock", epochMs: Date.now() }, TIMEOUT_MS, signal),
      control.request({ command: "entropy", hex: randomBytes(32).toString("hex") }, TIMEOUT_MS, signal),
      control.request({ command: "properties", set: properties }, TIMEOUT_MS, signal),
      control.request({ command: "release", release: identity.release }, TIMEOUT_MS, signal),
      control.request({ command: "thaw", restored: true }, TIMEOUT_MS, signal),
    ]);
  } catch (error) {
    throw new InfrastructureError("DEVICE_NOT_READY", "The emulated device was restored but does not answer.", {
      cause: error,
      hint: "its snapshot may be damaged: npx avf setup --fresh makes a new one",
    });
  }
}
