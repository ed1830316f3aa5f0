/** The fixtures every test can ask for, named by how far things are: device, app on it, manager, VM, running, ready. */
import { UsageError } from "../base/errors.js";
import type { Device } from "../device/contract.js";
import type { VirtualMachine, VirtualMachineManager } from "../virtualmachine/index.js";
import type { App } from "../lab/app.js";
import type { MakeCustomVm } from "../lab/custom-vm/spec.js";
import type { Checkpoint } from "../lab/timeline.js";
import { extendFixtures, type FixtureSet } from "./engine.js";

/** The leased device; where it can be put back, tests may do so themselves. */
export interface TestDevice extends Device {
  /**
   * Saves the device as it is now, VMs that run included. It continues; the checkpoint ends with it.
   * @throws UsageError on a device without checkpoints
   */
  checkpoint(name: string): Promise<Checkpoint>;
  /**
   * Puts the device, its VMs and their objects back to what they were. Commands and forwards of before end, adb into VMs has
   * to be opened again. A declared checkpoint is made first where there is none yet.
   */
  restore(point: Checkpoint | DeclaredCheckpoint): Promise<void>;
}

/** What `checkpoint(name, setUp)` returns. */
export interface DeclaredCheckpoint {
  readonly name: string;
  readonly setUp: unknown;
}

export interface StageFixtures {
  /** The leased device. */
  readonly device: TestDevice;
  /** The first of the suite's APKs, installed. */
  readonly app: App;
  /** All of the suite's APKs, in the order of the configuration. */
  readonly apps: readonly App[];
  /** Makes and finds the VMs of `app`, or in a suite without one those of the shell; what a test makes is removed when it ends. */
  readonly vmm: VirtualMachineManager;
  /**
   * Makes a VM of its own kernel from files of this host; a suite without an APK can have some, too. What it puts on the
   * device goes with the run, the VM with the test.
   */
  readonly customVm: MakeCustomVm;
  /** Fires when the test fails or is over. */
  readonly signal: AbortSignal;
  /** Name of the VM of the three fixtures below. Default: `vm1`. */
  readonly vmName: string;
  /** Its payload config in the APK. Default: `assets/vm_config.json`. */
  readonly payloadConfigPath: string;
  /** A created VM. */
  readonly vm: VirtualMachine;
  /** A VM whose process runs. */
  readonly runningVm: VirtualMachine;
  /** A VM whose payload said that it is ready. */
  readonly readyVm: VirtualMachine;
}

/** Those that need no test around them. */
export type PlainStages = Pick<StageFixtures, "device" | "app" | "apps" | "vmm" | "customVm">;

/** What the environment supplies; asked for when a test needs it. */
type StageSources = {
  readonly [K in "device" | "app" | "apps" | "vmm" | "customVm" | "signal"]: () => StageFixtures[K];
};

type Use<K extends keyof StageFixtures> = (value: StageFixtures[K]) => Promise<void>;

export function stageFixtures(sources: StageSources): FixtureSet {
  const given = Object.entries(sources).map(([name, source]) => {
    const setUp = async (_needs: unknown, use: (value: unknown) => Promise<void>): Promise<void> => use(source());
    return [name, { setUp, needs: [], replaces: undefined }] as const;
  });
  return extendFixtures(new Map(given), {
    vmName: "vm1",
    payloadConfigPath: "assets/vm_config.json",
    vm: async ({ app, vmm, vmName, payloadConfigPath }: StageFixtures, use: Use<"vm">) =>
      use(await vmm.create(vmName, app.vmConfig(payloadConfigPath).build())),
    runningVm: async ({ vm }: StageFixtures, use: Use<"runningVm">) => {
      await vm.run();
      await use(vm);
    },
    readyVm: async ({ runningVm, signal }: StageFixtures, use: Use<"readyVm">) => {
      await runningVm.waitUntil("ready", { signal }).catch((error: unknown) => {
        signal.throwIfAborted();
        throw error;
      });
      await use(runningVm);
    },
  });
}

/** The first app, or what to do about there being none. */
export function firstApp(apps: readonly App[]): App {
  const app = apps[0];
  if (app !== undefined) return app;
  throw new UsageError("NO_APK", "This test asks for an app, but its suite installs no APK.", {
    hint: 'name one in the Jest configuration: testEnvironmentOptions: { apks: ["MicrodroidTestApp.apk"] }; npx avf sample writes that one',
  });
}
