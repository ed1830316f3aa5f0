/** The library against the rules, on a service in memory, with many scripts. */
import { test } from "@jest/globals";
import fc from "fast-check";
import { VirtualMachineManager } from "./manager.js";
import { lifecycleCommands } from "./testing/lifecycle-commands.js";
import { LifecycleModel } from "./testing/lifecycle-model.js";
import { memoryContext } from "./testing/memory-service.js";
import type { RealSide } from "./testing/lifecycle-commands.js";
import type { VirtualMachine } from "./machine.js";

const VMS = "/data/avf/com.example/vm";

function memorySide(): RealSide {
  const { context, service } = memoryContext();
  const contexts = { a: { ...context }, b: { ...context } };
  const { getInstance } = VirtualMachineManager;
  return {
    contexts,
    managers: { a: getInstance(contexts.a), b: getInstance(contexts.b) },
    vms: [] as VirtualMachine[],
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
