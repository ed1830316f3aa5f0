import { expect, test } from "jest-avf";

test("a payload that ends with 42 reports it, and its VM stops by itself", async ({ app, vmm }) => {
  const vm = await vmm.create("vm1", app.vmConfig("assets/vm_config_exit.json").build());
  await vm.run();
  expect(await vm.waitFor("finished")).toEqual({ kind: "finished", exitCode: 42 });
  await expect(vm).toPrint("Goodbye Microdroid");
  await expect(vm).toReachStatus("STOPPED");
  expect(await vm.waitFor("died")).toMatchObject({ reason: { name: "SHUTDOWN" } });
  expect(vm).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
});
