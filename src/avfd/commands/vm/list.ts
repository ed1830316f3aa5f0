/** `vm list` (AOSP vm/src/main.rs). */
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import { VM_PERMISSIONS } from "../../packages/package-record.js";
import type { AndroidRelease } from "../../releases.js";
import { requirePermission } from "../../virtualization/access-checks.js";
import { VM_STATES, type VmState } from "../../virtualization/vm-state.js";
import { debugString, withContext } from "./rust-text.js";

export interface ListedVm {
  readonly cid: number;
  readonly temporaryDirectory: string;
  readonly requester: { readonly uid: number; readonly pid: number };
  readonly state: VmState;
}

/** SELinux context of adb's shell on a userdebug build; this device has no SELinux of its own. */
const SHELL_CONTEXT = "u:r:shell:s0";

export async function listVms(device: Device, caller: Caller): Promise<number> {
  await withContext("Could not get list of VMs", async () => {
    requirePermission(device.packages, caller.uid, VM_PERMISSIONS.debug);
  });
  caller.print(formatVmList(device.identity.release, device.virtualization.list()));
  return 0;
}

/** Rust's pretty debug form of an array. */
export function formatVmList(release: AndroidRelease, vms: readonly ListedVm[]): string {
  if (vms.length === 0) return "Running VMs: []";
  const entries = vms.map(({ cid, temporaryDirectory, requester, state }) => {
    const fields = [
      `cid: ${cid},`,
      `temporaryDirectory: ${debugString(temporaryDirectory)},`,
      `requesterUid: ${requester.uid},`,
      ...(release === 13 ? [`requesterSid: ${debugString(SHELL_CONTEXT)},`] : []),
      `requesterPid: ${requester.pid},`,
      ...(release === 13 ? ["state: VirtualMachineState(", `    ${VM_STATES[state]},`, "),"] : []),
    ];
    return `    VirtualMachineDebugInfo {\n${fields.map((field) => `        ${field}\n`).join("")}    },\n`;
  });
  return `Running VMs: [\n${entries.join("")}]`;
}
