import { adbIntoVm, expect, test } from "jest-avf";

test("a VM gets as many CPUs as its run asks for, where the tool counts them", async ({ app, vmm, device, signal }) => {
  const vm = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
  const { tool, cpuCount = 1 } = app.context.capabilities ?? {};
  // No other option of the tool gives as many.
  const cpus = cpuCount + 1;
  if (tool?.cpuCounts !== true && tool?.runApp.has("--cpus") !== true) {
    await expect(vm.run({ cpus })).rejects.toThrow(`A number of CPUs (${cpus}) is not supported`);
    expect(vm).toHaveTransitions(["STOPPED"]);
    return;
  }
  await vm.run({ cpus });
  await using guest = await adbIntoVm(device, vm, { signal });
  expect(await guest.exec(["nproc"])).toMatchObject({ stdout: `${cpus}\n` });
});

test("more CPUs than the monitor supports are refused with a message, and no VM is left", async ({ app, vmm }) => {
  const { tool } = app.context.capabilities ?? {};
  if (tool?.cpuCounts !== true && tool?.runApp.has("--cpus") !== true) return;
  const vm = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
  await vm.run({ cpus: 5000 });
  await expect(vm).toDieWith("START_FAILED");
  expect(vm).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
});
