import {
  adbIntoVm,
  expect,
  test,
  type App,
  type VirtualMachineConfigBuilder,
  type VirtualMachineManager,
} from "jest-avf";

test("what is typed into the console arrives in the VM", async ({ app, vmm, device, signal }) => {
  if (!hasConsoleInput(app)) return refusesConsoleInput(app, vmm);
  const vm = await vmm.create("vm1", withConsoleInput(app).build());
  await vm.run();
  await using guest = await adbIntoVm(device, vm, { signal });
  vm.getConsoleInput().write("typed by hand\n");
  await expect(vm).toPrint("typed by hand"); // the terminal's echo
  // The line waits in the guest's terminal for the first who reads.
  expect(await guest.exec(["head", "-n", "1", "/dev/hvc0"])).toMatchObject({ stdout: "typed by hand\n" });
});

/** As devices of Android 13 and 14 do. */
async function refusesConsoleInput(app: App, vmm: VirtualMachineManager): Promise<void> {
  expect(() => withConsoleInput(app).build()).not.toThrow();
  await expect(vmm.create("vm1", withConsoleInput(app).build())).rejects.toThrow("Console input is not supported");
  expect(await vmm.list()).toEqual([]);
}

function withConsoleInput(app: App): VirtualMachineConfigBuilder {
  return app.vmConfig("assets/vm_config.json").setVmConsoleInputSupported(true);
}

/** Android 15 brought it. */
function hasConsoleInput(app: App): boolean {
  return (app.context.capabilities?.androidRelease ?? 0) >= 15;
}
