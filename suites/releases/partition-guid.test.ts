/** A partition with a GUID of its own, as Android 16 and later take it. */
import { expect, test } from "jest-avf";
import { diskInitramfs, KERNEL } from "../custom/support/shell-initramfs.js";

/** Its text form, and the same as it lies in the table: the first three groups have their lowest byte first (UEFI, appendix A). */
const GUID = "01020304-0506-4708-890a-0b0c0d0e0f10";
const IN_TABLE = "0403020106050847890a0b0c0d0e0f10";
/** The second block holds the header, the third one the first entries: type, then this. */
const READ = "dd if=/dev/vda bs=1 skip=1040 count=16 2>/dev/null | od -An -tx1 | tr -d ' '";

test("a partition has the GUID that is asked for, or is refused by name", async ({ device, customVm }) => {
  const sdk = Number((await device.getProperties()).get("ro.build.version.sdk"));
  const made = customVm({
    ...{ kernel: KERNEL, initrd: await diskInitramfs(device, `echo "the table says $(${READ})"`), params: "quiet" },
    disks: [{ partitions: [{ label: "root", file: Buffer.alloc(4096), guid: GUID }] }],
  });
  if (sdk < 36) {
    await expect(made).rejects.toThrow("A partition with a GUID of its own, which `vm run` takes since Android 16, is");
    return;
  }
  const vm = await made;
  await vm.run();
  await expect(vm).toPrint(`the table says ${IN_TABLE}`);
});
