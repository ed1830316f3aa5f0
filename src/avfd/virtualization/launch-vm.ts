/** Starts the monitor of a VM with the guest's kernel and what the VM's configuration asks for. */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { GUEST_IMAGES, SERVICE_FOLDER, type DevicePaths } from "../device-paths.js";
import { checkBootMemory } from "../vmm/boot-memory.js";
import type { Vmm, VmmDisk, VmmProcess } from "../vmm/contract.js";
import { kernelParams } from "./guest-boot.js";
import { DEFAULT_MEMORY_MIB, type AppVmConfig } from "./vm-config.js";
import { recordVmm } from "./vmm-records.js";

const KERNEL = `${GUEST_IMAGES}/microdroid_kernel`;
const INITRD = `${GUEST_IMAGES}/microdroid_initrd.img`;
/** In memory: a template is of this kernel and this processor, and nothing to keep. */
const TEMPLATES = "/run/avfd/vm-templates";
const KERNEL_PARAMETERS = `${GUEST_IMAGES}/microdroid_cmdline`;

export interface VmToLaunch {
  readonly cid: number;
  readonly config: AppVmConfig;
  readonly disks: readonly VmmDisk[];
  /** Whether it may be a copy of a template instead of booting. */
  readonly fromTemplate: boolean;
  /** See `VmmConfig`. */
  readonly mayRun: () => Promise<void>;
}

/** Throws `VmStartRefusal` for a VM that cannot start as it is configured. When it throws, nothing runs. */
export async function launchVm(paths: DevicePaths, vmm: Vmm, vm: VmToLaunch): Promise<VmmProcess> {
  const { cid, config, disks, fromTemplate, mayRun } = vm;
  const kernelPath = paths.resolve(KERNEL);
  const initrdPath = paths.resolve(INITRD);
  const memoryMib = config.memoryMib === 0 ? DEFAULT_MEMORY_MIB : config.memoryMib;
  checkBootMemory(kernelPath, initrdPath, memoryMib);
  const folder = paths.resolve(join(SERVICE_FOLDER, String(cid)));
  const process = await vmm.start({
    cid,
    folder,
    kernelPath,
    initrdPath,
    kernelParams: kernelParams(config, readFileSync(paths.resolve(KERNEL_PARAMETERS), "utf8")),
    disks,
    memoryMib,
    cpuCount: Math.min(config.cpuCount, availableParallelism()),
    gdbPort: config.gdbPort,
    templateFolder: fromTemplate ? paths.resolve(TEMPLATES) : undefined,
    mayRun,
  });
  try {
    recordVmm(folder, process.pid);
  } catch (error) {
    // Nobody else knows of it yet.
    process.kill();
    await process.ended;
    throw error;
  }
  return process;
}
