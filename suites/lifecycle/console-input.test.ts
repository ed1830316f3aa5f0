import {
  adbIntoVm,
  expect,
  test,
  type App,
  type VirtualMachineConfigBuilder,
  type VirtualMachineManager,
} from "jest-avf";
import { apkOfSource } from "../guest/support/compiled-payload";
import { test as guestTest } from "../guest/support/guest-test";

test("what is typed into the console arrives in the VM", async ({ app, vmm, device, signal }) => {
  if (!hasConsoleInput(app)) return refusesConsoleInput(app, vmm);
  const vm = await vmm.create("vm1", withConsoleInput(app).build());
  await vm.run();
  await using guest = await adbIntoVm(device, vm, { signal });
  vm.getConsoleInput().write("typed by hand\n");
  await expect(vm).toPrint("typed by hand"); // the terminal's echo
  // The line waits in the guest's terminal for the first reader.
  expect(await guest.exec(["head", "-n", "1", "/dev/hvc0"])).toMatchObject({ stdout: "typed by hand\n" });
});

guestTest("a payload reads what is typed into its VM's console", async ({ app, vmm, shelf }) => {
  if (!hasConsoleInput(app)) return;
  const apk = await shelf.put("console", await apkOfSource("ConsolePayload"));
  const builder = app.vmConfigForBinary("ConsolePayload.so").setApkPath(apk).setVmConsoleInputSupported(true);
  const vm = await vmm.create("vm1", builder.build());
  await vm.run();
  await vm.waitFor("ready");
  vm.getConsoleInput().write("typed by hand\n");
  await expect(vm).toPrint("uid 6000 was told: typed by hand");
  expect(await vm.waitFor("finished")).toEqual({ kind: "finished", exitCode: 0 });
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
