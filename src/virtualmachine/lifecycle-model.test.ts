/** The library against the rules, on a service in memory, with many scripts. */
import { test } from "@jest/globals";
import fc from "fast-check";
import { lifecycleCommands } from "../../suites/model/lifecycle-commands.js";
import { LifecycleModel } from "../../suites/model/lifecycle-model.js";
import type { RealSide } from "../../suites/model/lifecycle-commands.js";
import { isHarnessError } from "../base/errors.js";
import { VirtualMachineConfig } from "./config/config.js";
import { VirtualMachineManager } from "./manager.js";
import { memoryContext } from "./testing/memory-service.js";

const VMS = "/data/avf/com.example/vm";

function memorySide(): RealSide {
  const { context, service } = memoryContext();
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

test("two processes, two names, any order of calls: always what the rules say", async () => {
  await fc.assert(
    fc.asyncProperty(lifecycleCommands(40), async (commands) => {
      await fc.asyncModelRun(() => ({ model: new LifecycleModel(), real: memorySide() }), commands);
    }),
    { numRuns: 300 },
  );
});
