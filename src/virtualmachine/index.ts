/** The door of this folder. */
export { VirtualMachineManager } from "./manager.js";
export type { ManagerMoment } from "./manager.js";
export { VirtualMachine, type VirtualMachineCallback } from "./machine.js";
export { VirtualMachineConfig } from "./config/config.js";
export { VirtualMachineCustomImageConfig } from "./custom-image/custom-image-config.js";
export type { VirtualMachineConfigBuilder } from "./config/config.js";
export { VirtualMachineDescriptor } from "./files/descriptor.js";
export type { DescriptorFiles } from "./files/descriptor.js";
export { checkVmName } from "./files/vm-folder.js";
export type { Executor } from "./callback.js";
export { createVmContext } from "./context.js";
export type { VmContext } from "./context.js";
export * from "./constants.js";
export {
  IllegalArgumentException,
  IllegalStateException,
  NullPointerException,
  SecurityException,
  UnsupportedOperationException,
  VirtualMachineException,
} from "./errors.js";
export type { ConnectVsockOptions } from "./run/connect-vsock.js";
export { BOOT_STAGES, BOOTED, CUSTOM_BOOTED } from "./boot/stages.js";
export type { BootStage } from "./boot/stages.js";
export type { ReachedStage, Trouble, VmBoot } from "./boot/progress.js";
export { Moment, moment } from "./wait/moment.js";
export type { Happened } from "./wait/moment.js";
export { DEFAULT_BUDGET_MS } from "./wait/patience.js";
export type { Patience, Stalled } from "./wait/patience.js";
export { linesOfRun, situation, VmWaitError, waitError } from "./wait/wait-failure.js";
export { formatLastLines, formatLine, lineEnd } from "./lines/line-text.js";
export { consoleWaitError, formatPattern } from "./wait/console-failure.js";
export { LineSearch } from "./lines/search.js";
export { waitForVm } from "./wait/vm-wait.js";
export { stageIndex, stagesOfLine } from "./boot/stages.js";
export type { WaitEnd } from "./wait/vm-wait.js";
export { ConsoleWaitError } from "./wait/console-failure.js";
export type { ConsoleMatch, ConsoleOutcome, ConsoleWaitOptions } from "./wait/console-wait.js";
export type { OutputLine, OutputStream } from "./lines/line-history.js";
export type { VmOutput } from "./lines/output.js";
export type { LifecycleEvent, RecordedEvent, Transition, TransitionCause } from "./journal/record.js";
export type { Cancelled, SettleOptions, TimedOut } from "./wait/settle.js";
export type { StatusOutcome, WaitGoal, WaitOutcome } from "./wait/waits.js";
export { readConfigXml } from "./config/xml/config-xml.js";
export type { StoredConfig } from "./config/xml/config-xml.js";
