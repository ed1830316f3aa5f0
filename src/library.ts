/** The library's public values, the same for suites and for Node programs. */
export {
  CAPABILITY_NON_PROTECTED_VM,
  CAPABILITY_PROTECTED_VM,
  CPU_TOPOLOGY_MATCH_HOST,
  CPU_TOPOLOGY_ONE_CPU,
  DEBUG_LEVEL_FULL,
  DEBUG_LEVEL_NONE,
  ERROR_PAYLOAD_CHANGED,
  ERROR_PAYLOAD_INVALID_CONFIG,
  ERROR_PAYLOAD_VERIFICATION_FAILED,
  ERROR_UNKNOWN,
  STOP_REASONS,
  BOOT_STAGES,
  ConsoleWaitError,
  IllegalArgumentException,
  IllegalStateException,
  Moment,
  NullPointerException,
  SecurityException,
  Status,
  UnsupportedOperationException,
  VirtualMachine,
  VirtualMachineConfig,
  VirtualMachineCustomImageConfig,
  VirtualMachineDescriptor,
  VirtualMachineException,
  VirtualMachineManager,
  VmWaitError,
  moment,
} from "./virtualmachine/index.js";
export { HarnessError, InfrastructureError, isHarnessError, TimeoutError, UsageError } from "./base/errors.js";
export { adbIntoVm } from "./lab/guests/adb-into-vm.js";
export { App } from "./lab/app.js";
export { ktapCases, parseKtap } from "./ktap/index.js";
export { CommandFailedError } from "./process/run.js";
