/** Starts the monitor of a VM, and keeps in mind which process it is. */
import { readFile } from "node:fs/promises";
import { constants } from "node:os";
import { listeningPorts } from "../../base/text/listening-ports.js";
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

/**
 * crosvm only logs that it has no debugger's port, and continues without one. Nothing is listened on to find out: whoever waits
 * for the stub would take that for it.
 */
async function checkGdbPort(port: number): Promise<void> {
  const tables = await Promise.all(
    ["tcp", "tcp6"].map((name) => readFile(`/proc/net/${name}`, "utf8").catch(() => "")),
  );
  if (!listeningPorts(tables.join("\n")).has(port)) return;
  const why = describeSystemError({ errno: constants.errno.EADDRINUSE });
  throw new VmStartRefusal(`failed to listen for a debugger at port ${port}: ${why}`);
}
