/**
 * Tests that start from two VMs that already run: the device is restored to that moment before each of them.
 */
import {
  adbIntoVm,
  checkpoint,
  describe,
  expect,
  test,
  type VirtualMachine,
  type VirtualMachineManager,
} from "jest-avf";

const twoVms = checkpoint("two vms ready", async ({ app, vmm }) => {
  const config = app.vmConfig("assets/vm_config.json").build();
  const vms = await Promise.all(["vm1", "vm2"].map((name) => vmm.create(name, config)));
  await Promise.all(vms.map((vm) => vm.run()));
  for (const vm of vms) await expect(vm).toPrint(/^tick 1 of boot/);
});

test.use({ from: twoVms });

test("a VM that was stopped runs again", async ({ vmm }) => {
  const vm1 = await get(vmm, "vm1");
  await vm1.stop();
  await expect(vm1).toHaveStatus("STOPPED");
});

test("for each test starts from the same two VMs", async ({ vmm }) => {
  await expect(await get(vmm, "vm1")).toHaveStatus("RUNNING");
});

test("what follows a moment can be tried again and again", async ({ device, vmm }) => {
  const vm2 = await get(vmm, "vm2");
  await expect(vm2).toPrint(/^tick 2 of boot/);
  const second = await device.checkpoint("second tick");
  for (let attempt = 1; attempt <= 2; attempt++) {
    await device.restore(second);
    await vm2.stop();
    expect(vm2).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
  }
});

async function get(vmm: VirtualMachineManager, name: string): Promise<VirtualMachine> {
  const vm = await vmm.get(name);
  if (vm === null) throw new Error(`the checkpoint has no ${name}`);
  return vm;
}

const bootsSeen: string[] = [];
const objectsSeen: VirtualMachine[] = [];

describe("each test finds", () => {
  test("VMs that run under their CIDs, and their history as it was", async ({ vmm }) => {
    const [vm1, vm2] = [await get(vmm, "vm1"), await get(vmm, "vm2")];
    await expect(vm1).toHaveStatus("RUNNING");
    await expect(vm2).toHaveStatus("RUNNING");
    expect([vm1.cid, vm2.cid].sort()).toEqual([2048, 2049]);
    expect(vm1).toHaveTransitions(["STOPPED", "RUNNING"]);
    expect(vm1.transitions.at(-1)?.cause).toEqual({ kind: "restored", checkpoint: "two vms ready", cid: vm1.cid });
    expect((await vm1.waitFor("ready")).kind).toBe("ready");
    expect(vm1.events.history.filter(({ event }) => event.kind === "payload-ready")).toHaveLength(1);
    objectsSeen.push(vm1);
  });

  // Twice, the second time after a test that has deleted vm1.
  const goesOn = async ({ vmm }: { readonly vmm: VirtualMachineManager }): Promise<void> => {
    const vm1 = await get(vmm, "vm1");
    objectsSeen.push(vm1);
    expect(new Set(objectsSeen).size).toBe(1);
    await vm1.waitForConsole(/^tick 3 of boot/);
    const ticks = vm1.output.lines("console").flatMap(({ text }) => {
      const [, tick, boot = ""] = /^tick (\d+) of boot (\w+)/.exec(text) ?? [];
      return tick === undefined ? [] : [{ tick, boot }];
    });
    expect(ticks.slice(0, 3).map(({ tick }) => tick)).toEqual(["1", "2", "3"]);
    // The same boot of the same guest each time: nothing was booted again.
    bootsSeen.push(...ticks.map(({ boot }) => boot));
    expect(new Set(bootsSeen).size).toBe(1);
  };

  test("consoles that go on where they stood, without a gap", async ({ vmm }) => goesOn({ vmm }));

  test("a VM that it may delete, and a device that it may write to", async ({ vmm, app, device }) => {
    const vm1 = await get(vmm, "vm1");
    await device.exec(["sh", "-c", "echo was here >/data/local/tmp/mark"]);
    await vm1.stop();
    await vmm.delete("vm1");
    await vmm.create("other", app.vmConfig("assets/vm_config.json").build());
    expect(vm1).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED", "DELETED"]);
  });

  test("consoles without what other tests saw, after vm1 was deleted", async ({ vmm }) => goesOn({ vmm }));

  test("VMs that adb leads into, and that can be ended", async ({ vmm, device }) => {
    const vm2 = await get(vmm, "vm2");
    expect(await vmm.get("other")).toBeNull();
    expect(await device.execUnchecked(["cat", "/data/local/tmp/mark"])).toMatchObject({ stdout: "" });
    const guest = await adbIntoVm(device, vm2);
    expect((await guest.exec(["echo", "inside"])).stdout).toBe("inside\n");
    await guest.close();
    await vm2.stop();
    await expect(vm2).toReachStatus("STOPPED");
  });
});
