/**
 * What `customVm` takes beside kernel, initramfs and disks.
 * @jest-environment-options {"deviceCpus": 2}
 */
import { expect, test } from "jest-avf";
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
  // Real mode: sends a text to the first serial port, then resets through the keyboard controller.
  const firmware = Buffer.alloc(64 << 10, 0xff);
  firmware.write("baf803be40002eac84c07403eeebf7b0fee664f4ebfd", "hex");
  firmware.write("firmware runs\r\n\0", 0x40, "latin1");
  // The processor begins 16 bytes before the end: a jump to the beginning.
  firmware.write("e90d00", 0xfff0, "hex");
  const vm = await customVm({ bootloader: firmware });
  await vm.run();
  await expect(vm).toPrint("firmware runs");
  await expect(vm).toDieWith("REBOOT");
});
