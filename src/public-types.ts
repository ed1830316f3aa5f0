/** Types that go with the public values, for annotations: `let vm: VirtualMachine`. */
export type { DeclaredCheckpoint, StageFixtures, TestDevice } from "./fixture-engine/stages.js";
export type { Checkpoint } from "./lab/timeline.js";
export type { App } from "./lab/app.js";
export type { DeathReasonName } from "./jest/matchers/die-with.js";
export type { AvfMatchers } from "./jest/matchers/types.js";
export type { PrintOptions } from "./jest/matchers/console/to-print.js";
export type { PrintInOrderOptions } from "./jest/matchers/console/in-order.js";
export type { NeverOptions } from "./jest/matchers/console/never.js";
export type { HappenBeforeOptions } from "./jest/matchers/happen-before.js";
export type { BootLimits } from "./jest/matchers/boot/boot-within.js";
export type { BootSnapshotOptions } from "./jest/matchers/boot/boot-snapshot.js";
export type { ReachOptions } from "./jest/matchers/status.js";
export type {
  DeclareEach,
  DeclareTest,
  FixtureAdditions,
  TestApi,
  TestBody,
  TestName,
} from "./jest/test-realm/test-types.js";
export type { Device, DeviceProcess, PortForward } from "./device/contract.js";
export type {
  KtapCase,
  KtapDirective,
  KtapDocument,
  KtapProblem,
  KtapReport,
  KtapStatus,
  KtapTest,
} from "./ktap/index.js";
export type { CommandResult } from "./process/run.js";
export type { ErrorCode } from "./base/error-codes.js";
export type { FailureKind } from "./base/errors.js";
export type {
  BootStage,
  ConnectVsockOptions,
  ConsoleMatch,
  ConsoleWaitOptions,
  LifecycleEvent,
  OutputLine,
  OutputStream,
  Patience,
  ReachedStage,
  RecordedEvent,
  Transition,
  TransitionCause,
  VirtualMachineCallback,
  VirtualMachineConfigBuilder,
  VmBoot,
  VmContext,
  WaitGoal,
  WaitOutcome,
} from "./virtualmachine/index.js";
