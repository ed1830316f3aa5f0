/** The library against the rules, on a service in memory, with many scripts. */
import { test } from "@jest/globals";
import fc from "fast-check";
import { lifecycleCommands } from "../../suites/model/lifecycle-commands.js";
import { LifecycleModel } from "../../suites/model/lifecycle-model.js";
import type { RealSide } from "../../suites/model/lifecycle-commands.js";
import { isHarnessError } from "../base/errors.js";
import { ANDROID_RELEASES, traitsOf, type AndroidRelease } from "../base/android-release.js";
import { VirtualMachineConfig } from "./config/config.js";
import { VirtualMachineManager } from "./manager.js";
import { memoryContext } from "./testing/memory-service.js";

const VMS = "/data/avf/com.example/vm";

async function memorySide(release: AndroidRelease): Promise<RealSide> {
  const { context: usual, service } = memoryContext();
  const { sdk } = traitsOf(release);
  const context = { ...usual, capabilities: { ...(await service.capabilities()), sdk } };
  const { getInstance } = VirtualMachineManager;
  return {
    isHarnessError,
    config: new VirtualMachineConfig.Builder(context, "assets/vm_config.json").build(),
    managers: { a: getInstance({ ...context }), b: getInstance({ ...context }) },
    vms: [],
    die: async (vm) => service.vms.find(({ cid }) => cid === vm.cid)?.die("CRASH"),
    removeFiles: (name) => service.files.remove(`${VMS}/${name}`),
  };
}

test.each(ANDROID_RELEASES)(
  "Android %d: two processes, two names, any order of calls: as the rules say",
  async (release) => {
    const { saysTakenName, runsWithoutFolder } = traitsOf(release).library;
    await fc.assert(
      fc.asyncProperty(lifecycleCommands(40), async (commands) => {
        const model = new LifecycleModel({ saysTakenName, runsWithoutFolder });
        const real = await memorySide(release);
        await fc.asyncModelRun(() => ({ model, real }), commands);
      }),
      { numRuns: 300 },
    );
  },
);
