/**
 * What `customVm` takes beside kernel, initramfs and disks.
 * @jest-environment-options {"deviceCpus": 2}
 */
import { expect, test } from "jest-avf";
import { printingFirmware } from "./support/firmware.js";
import { KERNEL, shellInitramfs } from "./support/shell-initramfs.js";

test("input is typed into the console, and the guest has all processors", async ({ device, customVm }) => {
  const { stdout: processors } = await device.exec(["nproc"]);
  const script = "echo processors $(nproc); echo ready; read line; echo typed: $line";
  const initrd = await shellInitramfs(device, script);
  const vm = await customVm({ kernel: KERNEL, initrd, params: ["quiet"], cpus: "all", consoleInput: true });
  await vm.run();
  await expect(vm).toPrintInOrder([`processors ${processors.trim()}`, "ready"]);
  vm.getConsoleInput().write("a line\n");
  await expect(vm).toPrint("typed: a line");
  await expect(vm).toDieWith("SHUTDOWN");
});

test("firmware runs in the place of a kernel", async ({ customVm }) => {
  const vm = await customVm({ bootloader: printingFirmware("firmware runs") });
  await vm.run();
  await expect(vm).toPrint("firmware runs");
  await expect(vm).toDieWith("REBOOT");
});
