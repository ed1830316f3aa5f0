import { VirtualMachineConfig } from "../config/config.js";
import { VirtualMachineManager } from "../manager.js";
import { memoryContext, type MemoryService } from "./memory-service.js";
import type { VirtualMachineConfigBuilder } from "../config/config.js";
import type { VmContext } from "../context.js";

export const ROOT = "/data/avf/com.example/vm/vm1";

export interface Setup {
  readonly context: VmContext;
  readonly service: MemoryService;
  readonly manager: VirtualMachineManager;
  readonly config: VirtualMachineConfig;
}

export function setUp(overrides: Partial<VmContext> = {}): Setup {
  const { context, service } = memoryContext(overrides);
  const config = builder(context).build();
  return { context, service, manager: VirtualMachineManager.getInstance(context), config };
}

export function builder(context: VmContext): VirtualMachineConfigBuilder {
  return new VirtualMachineConfig.Builder(context, "assets/vm_config.json");
}

export const filesOf = (service: MemoryService, root = ROOT): string[] =>
  [...service.files.entries.keys()]
    .filter((path) => path.startsWith(`${root}/`))
    .map((path) => path.slice(root.length + 1))
    .sort();

/** A manager of another process: it knows no objects of the first. */
export const strangerTo = ({ context }: Setup): VirtualMachineManager =>
  VirtualMachineManager.getInstance({ ...context });

/** Steps of MicrodroidTests#vmLifecycleChecks. */
