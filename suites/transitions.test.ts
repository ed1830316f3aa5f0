import { expect, test } from "jest-avf";

test("a VM runs, stops, runs again under a new CID, and is deleted for good", async ({ app, vmm }) => {
  const vm = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
  await expect(vm).toHaveStatus("STOPPED");
  await expect(vmm.create("vm1", vm.getConfig())).toRejectWithCode("VM_EXISTS");

  await vm.run();
  await expect(vm).toHaveStatus("RUNNING");
  expect(vm).toHaveCid();
  const firstCid = await vm.getCid();
  await expect(vm.run()).toRejectWithCode("VM_NOT_STOPPED");
  await expect(vm.delete()).toRejectWithCode("VM_NOT_STOPPED");

  await vm.stop();
  await expect(vm).toHaveStatus("STOPPED");
  expect(await vm.getCid()).toBeUndefined();
  await expect(vm.stop()).toRejectWithCode("VM_NOT_RUNNING");

  await vm.run();
  expect(vm).not.toHaveCid(firstCid);
  await expect(vm).toPrint("Hello Microdroid");

  await vm.stop();
  await vm.delete();
  await expect(vm).toHaveStatus("DELETED");
  expect(await vmm.get("vm1")).toBeNull();
  await expect(vm.run()).toRejectWithCode("VM_DELETED");
  expect(vm).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED", "RUNNING", "STOPPED", "DELETED"]);
});
