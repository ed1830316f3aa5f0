/** A VM of the first payload config, made on a device in memory. */
import { VirtualMachineConfig } from "../config/config.js";
import type { VirtualMachineConfigBuilder } from "../config/config.js";
import type { VmContext } from "../context.js";
import type { VirtualMachine } from "../machine.js";
import { VirtualMachineManager } from "../manager.js";
import { memoryContext, type MemoryService } from "./memory-service.js";

export interface Setup {
  readonly vm: VirtualMachine;
  readonly service: MemoryService;
}

export interface SetupOptions {
  readonly change?: (b: VirtualMachineConfigBuilder) => VirtualMachineConfigBuilder;
  readonly context?: Partial<VmContext>;
  readonly features?: readonly string[];
}

export async function setUp({
  change = (b) => b,
  context: overrides = {},
  features = [],
}: SetupOptions = {}): Promise<Setup> {
  const { context, service } = memoryContext(overrides);
  for (const feature of features) service.features.add(feature);
  const config = change(new VirtualMachineConfig.Builder(context, "assets/vm_config.json")).build();
  return { service, vm: await VirtualMachineManager.getInstance(context).create("vm1", config) };
}
