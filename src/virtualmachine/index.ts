/** The door of this folder. */
export { VirtualMachineManager } from "./manager.js";
export type { ManagerMoment } from "./manager.js";
export { VirtualMachine, type VirtualMachineCallback } from "./machine.js";
export { VirtualMachineConfig } from "./config.js";
export { VirtualMachineCustomImageConfig } from "./custom-image/custom-image-config.js";
export type { VirtualMachineConfigBuilder } from "./config-builder.js";
export { VirtualMachineDescriptor } from "./descriptor.js";
export type { DescriptorFiles } from "./descriptor.js";
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
export type { ConnectVsockOptions } from "./connect-vsock.js";
export { BOOT_STAGES } from "./boot/stages.js";
export type { BootStage } from "./boot/stages.js";
export type { ReachedStage, Trouble, VmBoot } from "./boot/progress.js";
export { Moment, moment } from "./moment.js";
export type { Happened } from "./moment.js";
export { DEFAULT_BUDGET_MS } from "./patience.js";
export type { Patience, Stalled } from "./patience.js";
export { linesOfRun, situation, VmWaitError, waitError } from "./wait-failure.js";
export { formatLastLines, formatLine, lineEnd } from "./line-text.js";
export { consoleWaitError, formatPattern } from "./console-failure.js";
export { LineSearch } from "./lines/search.js";
export { waitForVm } from "./vm-wait.js";
export { stageIndex, stagesOfLine } from "./boot/stages.js";
export type { WaitEnd } from "./vm-wait.js";
export { ConsoleWaitError } from "./console-failure.js";
export type { ConsoleMatch, ConsoleOutcome, ConsoleWaitOptions } from "./console-wait.js";
export type { OutputLine, OutputStream } from "./line-history.js";
export type { VmOutput } from "./output.js";
export type { LifecycleEvent, RecordedEvent, Transition, TransitionCause } from "./record.js";
export type { Cancelled, SettleOptions, TimedOut } from "./settle.js";
export type { StatusOutcome, WaitGoal, WaitOutcome } from "./waits.js";
export { readConfigXml } from "./config-xml.js";
export type { StoredConfig } from "./config-xml.js";
