/**
 * @jest-environment-options {"vmTemplates": true, "vmm": "qemu"}
 * @avf-requires emulated
 */
import { adbIntoVm, expect, test, type VirtualMachine } from "jest-avf";

function bootSeenBy(vm: VirtualMachine): string | undefined {
  return vm.output.lines().flatMap(({ text }) => /tick \d+ of boot (\S+)/.exec(text)?.[1] ?? [])[0];
}

test("VMs that are copied from a template are machines of their own", async ({ app, vmm, device, signal }) => {
  const config = app.vmConfig("assets/vm_config.json").build();
  const vm1 = await vmm.create("vm1", config);
  const vm2 = await vmm.create("vm2", config);
  await Promise.all([vm1.run(), vm2.run()]);
  for (const vm of [vm1, vm2]) {
    await expect(vm).toPrint("microdroid_manager[1]: resumed from a template");
    await expect(vm).toPrint("tick 2 of boot");
  }
  expect(await vm1.getCid()).not.toBe(await vm2.getCid());
  // An id that the kernel draws from its random pool, which is the template's until fresh entropy comes in.
  expect(bootSeenBy(vm1)).not.toBe(bootSeenBy(vm2));

  // The clock stood still with the template, and adbd of the copy answers at the copy's CID.
  await using guest = await adbIntoVm(device, vm2, { signal });
  const seconds = Number((await guest.exec(["date", "+%s"])).stdout);
  expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60);
  await vm2.stop();
  expect(vm2).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
  await expect(vm1).toHaveStatus("RUNNING");
});
