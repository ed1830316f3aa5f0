import { adbIntoVm, expect, test } from "jest-avf";

test("adb opens a shell in a VM, through the device", async ({ device, runningVm, signal }) => {
  await using guest = await adbIntoVm(device, runningVm, { signal });
  expect((await guest.exec(["getprop", "ro.hardware"])).stdout.trim()).toBe("microdroid");
  expect((await guest.execUnchecked(["sh", "-c", "exit 7"])).exitCode).toBe(7);
  // The device itself is another machine.
  expect((await device.exec(["getprop", "ro.hardware"])).stdout.trim()).not.toBe("microdroid");
});

test("adbd is there before the payload, as the guest's boot is complete before it", async ({
  vmm,
  app,
  device,
  signal,
}) => {
  const vm = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
  await vm.run();
  await expect(vm).toPrint(/executing main task/);
  // Refused until something listens; no retry.
  (await vm.connectVsock(5555)).destroy();
  await using guest = await adbIntoVm(device, vm, { signal });
  const pidOf = async (name: string): Promise<number> => Number((await guest.exec(["pidof", name])).stdout);
  expect(await pidOf("adbd")).toBeLessThan(await pidOf("microdroid_launcher"));
  expect((await guest.exec(["getprop", "dev.bootcomplete"])).stdout.trim()).toBe("1");
  expect((await guest.exec(["getprop", "init.svc.adbd"])).stdout.trim()).toBe("running");
  // Kernel parameters that are passed on to init must not show in ps.
  expect((await guest.exec(["cat", "/proc/1/cmdline"])).stdout.replace(/\0*$/, "")).toBe("init");
  // What is preloaded into adbd must not be inherited by its shells.
  expect((await guest.exec(["env"])).stdout).not.toMatch(/LD_PRELOAD|ADBD_READY_FD/);
});

test("the guest that adbIntoVm opens has completed its boot, unless it is requested earlier", async ({
  vmm,
  app,
  device,
  signal,
}) => {
  const config = app.vmConfig("assets/vm_config.json").setEncryptedStorageBytes(16 << 20);
  const vm = await vmm.create("vm1", config.build());
  await vm.run();
  await using early = await adbIntoVm(device, vm, { signal, waitForBoot: false });
  expect((await early.exec(["getprop", "ro.hardware"])).stdout.trim()).toBe("microdroid");
  await early.close();
  await using guest = await adbIntoVm(device, vm, { signal });
  expect((await guest.exec(["getprop", "dev.bootcomplete"])).stdout.trim()).toBe("1");
  expect((await guest.exec(["ls", "/mnt/apk/assets"])).stdout).toContain("vm_config.json");
});
