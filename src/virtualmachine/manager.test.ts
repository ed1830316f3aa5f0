import { describe, expect, test } from "@jest/globals";
import { VirtualMachineConfig } from "./config.js";
import { VirtualMachineManager } from "./manager.js";
import { memoryContext } from "./testing/memory-service.js";
import type { VmContext } from "./context.js";

const configFor = (context: VmContext): VirtualMachineConfig =>
  new VirtualMachineConfig.Builder(context, "assets/vm_config.json").build();

describe("a VM's life", () => {
  test("create, run, print, stop, run, delete", async () => {
    const { context, service } = memoryContext();
    const manager = VirtualMachineManager.getInstance(context);
    const vm = await manager.create("vm1", configFor(context));
    expect(await vm.getStatus()).toBe("STOPPED");
    await vm.run();
    expect(await vm.getStatus()).toBe("RUNNING");
    expect(await vm.getCid()).toBe(2048);
    service.vm.print("Hello Microdroid\n");
    expect((await vm.waitForConsole(/Hello (\w+)/)).groups).toEqual(["Hello Microdroid", "Microdroid"]);
    await vm.stop();
    expect(await vm.getCid()).toBeUndefined();
    await vm.run();
    expect(await vm.getCid()).toBe(2049);
    await vm.close();
    await manager.delete("vm1");
    expect(vm.transitions.map(({ status }) => status)).toEqual([
      "STOPPED",
      "RUNNING",
      "STOPPED",
      "RUNNING",
      "STOPPED",
      "DELETED",
    ]);
    expect([...service.files.entries.keys()].filter((path) => path.includes("/vm/"))).toEqual([]);
  });
});
