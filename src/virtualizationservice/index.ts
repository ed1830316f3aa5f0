/** The side that runs VMs: the contract, and its client for a device's `vm` tool. */
export * from "./contract.js";
export { openVirtualizationService } from "./client.js";
export { VM_TOOL } from "./tool.js";
export { parseVmList } from "./tool-output/vm-list.js";
