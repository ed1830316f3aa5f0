/** Takes away what a run that was killed has left on a device. */
import { leftNotes, type Device } from "../device/index.js";
import { undoStep, type UndoStep } from "./undo.js";

/** To be called under the lease of the device. A step that fails does not stop the others, and is not tried again. */
export async function sweepProvisioned(device: Device): Promise<void> {
  for (const note of leftNotes(device.serial)) {
    const steps = Array.isArray(note.content) ? note.content.filter(isStep) : [];
    for (const step of steps.reverse()) {
      // Its VMs are nobody's any more.
      if (step.kind === "remove-data-folder") await device.execUnchecked(["rm", "-rf", `${step.path}/vm`]);
      await undoStep(device, step).catch(() => undefined);
    }
    note.remove();
  }
}

const UNDER_DATA = /^\/data\/local\/tmp\/avf\/[\w.]+$/;

/** A note is a file in the user's cache: what it names is looked at before it is removed from a device. */
function isStep(value: unknown): value is UndoStep {
  if (typeof value !== "object" || value === null) return false;
  const { kind, packageName, path, paths, commands } = value as Readonly<Record<string, unknown>>;
  switch (kind) {
    case "uninstall":
      return typeof packageName === "string" && /^[A-Za-z]\w*(\.[A-Za-z]\w*)+$/.test(packageName);
    case "remove-file":
      return typeof path === "string" && path.startsWith("/") && !path.includes("\0");
    case "remove-data-folder":
      return typeof path === "string" && UNDER_DATA.test(path);
    case "remove-empty-folders":
      return Array.isArray(paths) && paths.every((each) => typeof each === "string" && each.startsWith("/"));
    case "commands":
      return Array.isArray(commands) && commands.every((command) => typeof command === "string");
    default:
      return false;
  }
}
