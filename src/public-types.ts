/** Types that go with the public values, for annotations: `let vm: VirtualMachine`. */
export type { StageFixtures } from "./fixtures/stages.js";
export type { App } from "./fixtures/app.js";
export type { AvfMatchers } from "./jest/matchers/types.js";
export type { PrintOptions } from "./jest/matchers/to-print.js";
export type { ReachOptions } from "./jest/matchers/status.js";
export type { DeclareEach, DeclareTest, FixtureAdditions, TestApi, TestBody } from "./jest/test-realm/test-api.js";
export type { Device, DeviceProcess, PortForward } from "./device/contract.js";
export type { CommandResult } from "./process/run.js";
export type { FailureKind } from "./base/errors.js";
export type {
  ConsoleMatch,
  ConsoleWaitOptions,
  LifecycleEvent,
  OutputLine,
  OutputStream,
  RecordedEvent,
  Transition,
  TransitionCause,
  VirtualMachineCallback,
  VirtualMachineConfigBuilder,
  VmContext,
  WaitGoal,
  WaitOutcome,
} from "./virtualmachine/index.js";
