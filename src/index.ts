/// <reference types="node" preserve="true" />
/**
 * What suites import. It only hands on what lives in the environment: see jest/bridge.ts. Nothing here may need an ES
 * module, which Jest's sandbox cannot load.
 */
import "./jest/matchers/types.js";
import type { DeclaredCheckpoint, PlainStages, StageFixtures } from "./fixture-engine/stages.js";
import type * as types from "./library.js";
import { readBridge } from "./jest/bridge.js";
import { jestGlobals, type JestGlobals } from "./jest/test-realm/jest-globals.js";
import { recordedExpect } from "./jest/test-realm/recorded-expect.js";
import { createTest } from "./jest/test-realm/test-api.js";
import type { TestApi } from "./jest/test-realm/test-types.js";

const { library } = readBridge();

const globals = jestGlobals();
export const expect: JestGlobals["expect"] = recordedExpect(globals.expect);
export const describe: JestGlobals["describe"] = globals.describe;
export const beforeAll: JestGlobals["beforeAll"] = globals.beforeAll;
export const beforeEach: JestGlobals["beforeEach"] = globals.beforeEach;
export const afterEach: JestGlobals["afterEach"] = globals.afterEach;
export const afterAll: JestGlobals["afterAll"] = globals.afterAll;
// Jest's sandbox has a variable of that name around each module.
const jestObject: JestGlobals["jest"] = globals.jest;
export { jestObject as jest };

/** Declares a test that gets its fixtures as one object: `test("…", async ({ app, vmm }) => { … })`. */
export const test: TestApi<StageFixtures> = createTest<StageFixtures>((bridge) => bridge.baseFixtures);
export const it = test;

/**
 * Declares a place that tests start from with `test.use({ from })`. `setUp` leads there and gets fixtures as a test does; it
 * runs on a pristine device, once: then the device is saved, VMs and all, also for later runs as long as the test file, its
 * imports, its APKs and this library stay as they are. Its VMs are found with `vmm.get(name)`.
 */
export function checkpoint(name: string, setUp: (fixtures: StageFixtures) => void | Promise<void>): DeclaredCheckpoint {
  return readBridge().checkpoint(name, setUp);
}

/** The same without fixtures, for hooks and for tests in plain Jest style; read its fields where they are needed. */
export function useAvf(): PlainStages {
  return readBridge().current();
}

export const {
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
  CommandFailedError,
  ConsoleWaitError,
  HarnessError,
  IllegalArgumentException,
  IllegalStateException,
  InfrastructureError,
  Moment,
  NullPointerException,
  SecurityException,
  Status,
  TimeoutError,
  UnsupportedOperationException,
  UsageError,
  VirtualMachine,
  VirtualMachineConfig,
  VirtualMachineCustomImageConfig,
  VirtualMachineDescriptor,
  VirtualMachineException,
  VirtualMachineManager,
  VmWaitError,
  adbIntoVm,
  isHarnessError,
  ktapCases,
  moment,
  parseKtap,
} = library;

// The classes as types: a destructured constant is only a value.
export type ConsoleWaitError = types.ConsoleWaitError;
export type HarnessError = types.HarnessError;
export type InfrastructureError = types.InfrastructureError;
export type Moment = types.Moment;
export type Status = types.Status;
export type UsageError = types.UsageError;
export type VirtualMachine = types.VirtualMachine;
export type VirtualMachineConfig = types.VirtualMachineConfig;
export type VirtualMachineCustomImageConfig = types.VirtualMachineCustomImageConfig;
export type VirtualMachineDescriptor = types.VirtualMachineDescriptor;
export type VirtualMachineException = types.VirtualMachineException;
export type VirtualMachineManager = types.VirtualMachineManager;
export type VmWaitError = types.VmWaitError;
export type * from "./public-types.js";
