import { expect, test } from "jest-avf";

test("vm1 and vm2 greet from their own machines", async ({ app, vmm }) => {
  const config = app.vmConfig("assets/vm_config.json").setMemoryBytes(192e6).build();
  const vm1 = await vmm.create("vm1", config);
  const vm2 = await vmm.create("vm2", config);
  await Promise.all([vm1.run(), vm2.run()]);
  await expect(vm1).toPrint(/Hello Microdroid/); // fails at once, with the last lines, if vm1 dies first
  await expect(vm2).toPrint(/Hello Microdroid/);
  expect(await vm1.getCid()).not.toBe(await vm2.getCid());
  await vm1.stop();
  expect(vm1).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
  expect(vm2).toHaveTransitions(["STOPPED", "RUNNING"]);
});
