/** adbd as root for a run, and as it was after it, as Tradefed's RootTargetPreparer does it. */
import type { Device } from "../../device/index.js";
import type { DeviceCallOptions } from "../../device/contract.js";
import type { Undo, UndoStep } from "./undo.js";

type RootStep = Extract<UndoStep, { kind: "root" }>;

const LOOK = "id -u; cat /proc/sys/kernel/random/boot_id";

/** Nothing when adbd is that already. Fails where it refuses, as on a user build. */
export async function becomeRoot(device: Device, root: boolean, undo: Undo, call: DeviceCallOptions): Promise<void> {
  const { isRoot, bootId } = await look(device, call);
  if (isRoot === root) return;
  undo.add({ kind: "root", root: isRoot, bootId });
  await device.setRoot(root, call);
}

/** A device that was started since has forgotten it, and is not to be changed. */
export async function isStillChanged(device: Device, step: RootStep): Promise<boolean> {
  const { isRoot, bootId } = await look(device);
  return isRoot !== step.root && bootId === step.bootId;
}

async function look(device: Device, call?: DeviceCallOptions): Promise<{ isRoot: boolean; bootId: string }> {
  const { stdout } = await device.exec(["sh", "-c", LOOK], call);
  const [uid, bootId = ""] = stdout.split("\n");
  return { isRoot: uid === "0", bootId };
}
