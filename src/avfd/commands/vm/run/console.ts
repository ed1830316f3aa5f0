/**
 * `vm console [CID]` of Android 16: connects the terminal to a VM's console on the host. VMs of this device have none, as those
 * that `vm run-app` starts on a phone.
 */
import { readlink } from "node:fs/promises";
import type { Caller } from "../../../caller.js";
import type { Device } from "../../../device.js";
import { VM_PERMISSIONS } from "../../../packages/package-record.js";
import { requirePermission } from "../../../virtualization/access-checks.js";
import { ToolError, withContext } from "../rust-text.js";

export async function connectConsole(device: Device, caller: Caller): Promise<number> {
  if (!(await hasTerminal(caller))) {
    throw new ToolError("Stdin must be a terminal (tty). Use 'adb shell -t' to force allocate tty.");
  }
  await withContext("Failed to get list of VMs", async () => {
    requirePermission(device.packages, caller.uid, VM_PERMISSIONS.debug);
  });
  throw new ToolError("Failed to get VM with console");
}

async function hasTerminal({ pid }: Caller): Promise<boolean> {
  const stdin = await readlink(`/proc/${pid}/fd/0`).catch(() => "");
  return /^\/dev\/(pts\/\d+|tty\w*|console)$/.test(stdin);
}
