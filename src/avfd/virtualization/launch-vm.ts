/** Starts the monitor of a VM, and keeps in mind which process it is. */
import { createServer } from "node:net";
import { describeSystemError } from "../errno.js";
import type { Vmm, VmmConfig, VmmProcess } from "../vmm/contract.js";
import { VmStartRefusal } from "../vmm/kernel/start-refusal.js";
import { recordVmm } from "./state/vmm-records.js";

export const DEFAULT_MEMORY_MIB = 256;

/** Throws `VmStartRefusal` for a VM that cannot start as it is configured. When it throws, nothing runs. */
export async function launchVm(vmm: Vmm, config: VmmConfig): Promise<VmmProcess> {
  if (config.gdbPort !== undefined) await checkGdbPort(config.gdbPort);
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

/** crosvm only logs that it has no debugger's port, and goes on without one. */
async function checkGdbPort(port: number): Promise<void> {
  const server = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen({ port, host: "0.0.0.0", exclusive: true }, resolve);
    });
  } catch (error) {
    throw new VmStartRefusal(`failed to listen for a debugger at port ${port}: ${describeSystemError(error)}`);
  }
  await new Promise((resolve) => server.close(resolve));
}
