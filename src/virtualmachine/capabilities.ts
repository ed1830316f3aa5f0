/** What a device lacks is refused with the reason, before anything is made or started there. */
import { CPU_TOPOLOGY_MATCH_HOST } from "./constants.js";
import { UnsupportedOperationException } from "./errors.js";
import type { ServiceCapabilities } from "../virtualizationservice/contract.js";
import type { ConfigFields, VirtualMachineConfig } from "./config.js";
import type { VmContext } from "./context.js";

/** @throws UnsupportedOperationException naming the first thing that the device cannot do */
export async function checkCapabilities(context: VmContext, config: VirtualMachineConfig): Promise<void> {
  const capabilities = context.capabilities ?? (await context.service.capabilities());
  const lacking = DEMANDS.find(({ asks, has }) => asks(config.fields) && !has(capabilities, config.fields));
  if (!lacking) return;
  throw new UnsupportedOperationException(`${lacking.what(config.fields)} not supported on this device.`, {
    hint: `It runs Android ${capabilities.androidRelease}; see: adb shell /apex/com.android.virt/bin/vm info`,
  });
}

interface Demand {
  readonly asks: (fields: ConfigFields) => boolean;
  readonly has: (capabilities: ServiceCapabilities, fields: ConfigFields) => boolean;
  readonly what: (fields: ConfigFields) => string;
}

const DEMANDS: readonly Demand[] = [
  { asks: (f) => f.protectedVm, has: (c) => c.protectedVm, what: () => "Protected VMs are" },
  { asks: (f) => !f.protectedVm, has: (c) => c.nonProtectedVm, what: () => "Non-protected VMs are" },
  { asks: (f) => f.encryptedStorageBytes > 0, has: (c) => c.encryptedStorage, what: () => "Encrypted storage is" },
  {
    asks: (f) => f.cpuTopology === CPU_TOPOLOGY_MATCH_HOST,
    has: (c) => c.cpuTopology,
    what: () => "CPU topology MATCH_HOST is",
  },
  {
    asks: (f) => f.os !== "microdroid",
    has: (c, f) => c.supportedOsList.includes(f.os),
    what: (f) => `The guest OS "${f.os}" is`,
  },
];
