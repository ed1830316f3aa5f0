/** `vm list` (AOSP vm/src/main.rs). */
import type { Caller } from "../../caller.js";
import type { Device } from "../../device.js";
import { VM_PERMISSIONS } from "../../packages/package-record.js";
import { requirePermission } from "../../virtualization/access-checks.js";
import { VM_STATES, type VmState } from "../../virtualization/state/vm-state.js";
import type { DebugField } from "./dialects/dialect.js";
import { dialectOf } from "./dialects/index.js";
import { debugString, withContext } from "./rust-text.js";

export interface ListedVm {
  readonly name: string;
  readonly cid: number;
  readonly temporaryDirectory: string;
  readonly requester: { readonly uid: number; readonly pid: number };
  readonly state: VmState;
}

/** SELinux context of adb's shell on a userdebug build; this device has no SELinux of its own. */
const SHELL_CONTEXT = "u:r:shell:s0";

export async function listVms(device: Device, caller: Caller): Promise<number> {
  await withContext("Failed to get list of VMs", async () => {
    requirePermission(device.packages, caller.uid, VM_PERMISSIONS.debug);
  });
  caller.print(formatVmList(dialectOf(device.identity.release).listFields, device.virtualization.list()));
  return 0;
}

/** Rust's pretty debug form of an array. */
export function formatVmList(fields: readonly DebugField[], vms: readonly ListedVm[]): string {
  if (vms.length === 0) return "Running VMs: []";
  const entries = vms.map((vm) => {
    const lines = fields.map((field) => `        ${field}: ${FORMATS[field](vm)},\n`);
    return `    VirtualMachineDebugInfo {\n${lines.join("")}    },\n`;
  });
  return `Running VMs: [\n${entries.join("")}]`;
}

const FORMATS: Readonly<Record<DebugField, (vm: ListedVm) => string>> = {
  name: ({ name }) => debugString(name),
  cid: ({ cid }) => String(cid),
  temporaryDirectory: (vm) => debugString(vm.temporaryDirectory),
  requesterUid: ({ requester }) => String(requester.uid),
  requesterSid: () => debugString(SHELL_CONTEXT),
  requesterPid: ({ requester }) => String(requester.pid),
  state: ({ state }) => `VirtualMachineState(\n            ${VM_STATES[state]},\n        )`,
  // VMs of this device have none, as those that `vm run-app` starts on a phone.
  hostConsoleName: () => "None",
};
