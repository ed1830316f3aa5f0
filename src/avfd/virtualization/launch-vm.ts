/** Starts the monitor of a VM, and keeps in mind which process it is. */
import type { Vmm, VmmConfig, VmmProcess } from "../vmm/contract.js";
import { recordVmm } from "./state/vmm-records.js";

export const DEFAULT_MEMORY_MIB = 256;

/** Throws `VmStartRefusal` for a VM that cannot start as it is configured. When it throws, nothing runs. */
export async function launchVm(vmm: Vmm, config: VmmConfig): Promise<VmmProcess> {
  const process = await vmm.start(config);
  try {
    recordVmm(config.folder, process.pid);
  } catch (error) {
    // Nobody else knows of it yet.
    process.kill();
    await process.ended;
    throw error;
  }
  return process;
}
