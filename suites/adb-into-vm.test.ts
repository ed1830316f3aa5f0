import { adbIntoVm, expect, test } from "jest-avf";

test("adb opens a shell in a VM, through the device", async ({ device, runningVm, signal }) => {
  await using guest = await adbIntoVm(device, runningVm, { signal });
  expect((await guest.exec(["getprop", "ro.hardware"])).stdout.trim()).toBe("microdroid");
  expect((await guest.execUnchecked(["sh", "-c", "exit 7"])).exitCode).toBe(7);
  // The device itself is another machine.
  expect((await device.exec(["getprop", "ro.hardware"])).stdout.trim()).not.toBe("microdroid");
});
