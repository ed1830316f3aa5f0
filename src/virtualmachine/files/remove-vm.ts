/** Removes a VM's files from the device. Mirrors VirtualMachineManager.java#delete. */
import { VirtualMachineException } from "../errors.js";
import { vmFolder } from "./vm-folder.js";
import type { VmContext } from "../context.js";
import type { MachineControl } from "../machine-control.js";

/**
 * With a live object, the VM has to be stopped; the object is DELETED from then on, even if removing its files fails.
 * Without one, the files are removed unseen, so that a damaged VM can be got rid of.
 * @throws VirtualMachineException
 */
export async function removeVm(context: VmContext, name: string, control: MachineControl | undefined): Promise<void> {
  const { files } = context.service;
  if (control) return control.whileStopped(() => explained(name, () => control.removeFiles()));
  const { root } = vmFolder(context.dataFolder, name);
  if (!(await files.exists(root))) {
    throw new VirtualMachineException("VM_NOT_FOUND", `there is no virtual machine "${name}"`, { vmName: name });
  }
  return explained(name, () => files.remove(root));
}

async function explained(name: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (cause) {
    throw new VirtualMachineException("DELETE_FAILED", "failed to delete VM", { vmName: name, cause });
  }
}
