/** Checkpoints of a device on which a VM with its own kernel runs. */
import { expect, test } from "jest-avf";
import { KERNEL, shellInitramfs } from "./support/shell-initramfs.js";

test("a VM with its own kernel continues from a checkpoint where it was then", async ({ device, customVm }) => {
  const script = "i=0; while :; do i=$((i+1)); echo count $i; sleep 1; done";
  const vm = await customVm({ kernel: KERNEL, initrd: await shellInitramfs(device, script) });
  await vm.run();
  await expect(vm).toPrint(/^count 1$/);
  const cid = await vm.getCid();
  const counting = await device.checkpoint("counting");
  await vm.stop();
  await expect(vm).toHaveStatus("STOPPED");
  await device.restore(counting);
  await expect(vm).toHaveStatus("RUNNING");
  expect(await vm.getCid()).toBe(cid);
  await expect(vm).toPrint(/^count 3$/);
  await vm.stop();
  expect(vm).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
});
