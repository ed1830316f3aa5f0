/** VMs with their own kernel, and an initramfs that the suite makes. */
import { expect, test } from "jest-avf";
import { diskInitramfs, KERNEL, shellInitramfs } from "./support/shell-initramfs.js";

test("boots Debian's cloud kernel, prints, and shuts down", async ({ device, customVm }) => {
  const initrd = await shellInitramfs(device, 'echo "the words are: $(cat /proc/cmdline)"; uname -s');
  const vm = await customVm({ kernel: KERNEL, initrd, params: "avf.test=1 quiet", memoryBytes: 192 << 20 });
  await vm.run();
  await expect(vm).toPrint(/the words are: .*console=ttyS0 panic=-1 avf\.test=1 quiet/);
  await expect(vm).toPrint(/^Linux/);
  await expect(vm).toDieWith("SHUTDOWN");
  expect(vm).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
  await vm.run();
  await expect(vm).toPrint("the words are");
});

test("vm1 runs Microdroid and vm2 a kernel of its own, at the same time", async ({ app, vmm, device, customVm }) => {
  const vm1 = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
  const initrd = await shellInitramfs(device, 'echo "hello of vm2"; while :; do sleep 1; done');
  const vm2 = await customVm({ name: "vm2", kernel: KERNEL, initrd });
  await Promise.all([vm1.run(), vm2.run()]);
  await Promise.all([expect(vm1).toPrint(/Hello Microdroid/), expect(vm2).toPrint("hello of vm2")]);
  expect(await vm1.getCid()).not.toBe(await vm2.getCid());
  await vm2.stop();
  expect(vm2).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
  expect(vm1).toHaveTransitions(["STOPPED", "RUNNING"]);
  await expect(vm1).toHaveStatus("RUNNING");
});

test("a kernel that panics ends its VM, and waits say so at once", async ({ device, customVm }) => {
  const vm = await customVm({ kernel: KERNEL, initrd: await shellInitramfs(device, "echo about to go; exit 1") });
  await vm.run();
  await expect(vm).toMatchBootSnapshot({ only: /Linux version|Run \//, mask: [[/version .*/, "version <version>"]] });
  await expect(vm).toPrint("about to go");
  await expect(expect(vm).toPrint("never printed")).rejects.toThrow(/Attempted to kill init/);
  await expect(vm).toReachStatus("STOPPED");
});

test("disks: a shared read-only one, and a writable one of its own", async ({ device, customVm }) => {
  const disk = Buffer.alloc(1 << 20);
  disk.write("from the host\n");
  const made = { kernel: KERNEL, disks: [disk, { file: disk, writable: true }] };
  const [vm1, vm2] = [await customVm(made), await customVm({ ...made, name: "vm2" })];
  const paths = [vm1, vm2].map((vm) =>
    (vm.getConfig().getCustomImageConfig()?.getDisks() ?? []).map((each) => each.getImagePath() ?? ""),
  );
  const [[read = "", own = ""] = [], [readToo, ownToo] = []] = paths;
  expect(readToo).toBe(read);
  expect([own.startsWith(vm1.getRootDir()), ownToo?.startsWith(vm2.getRootDir())]).toEqual([true, true]);
  const head = async (path: string): Promise<string> => (await device.exec(["head", "-c", "14", path])).stdout;
  expect([await head(read), await head(own)]).toEqual(["from the host\n", "from the host\n"]);
  await vm1.delete();
  expect((await device.execUnchecked(["ls", own])).exitCode).not.toBe(0);
  expect(await head(read)).toBe("from the host\n");
});

test("a disk of partitions, with their labels", async ({ device, customVm }) => {
  const parts = ["first", "second"].map((label) => ({ label, file: Buffer.from(label.padEnd(512)) }));
  const script = "grep PARTNAME /sys/block/vda/vda*/uevent; head -c 6 /dev/vda2";
  const vm = await customVm({
    kernel: KERNEL,
    initrd: await diskInitramfs(device, script),
    disks: [{ partitions: parts }],
  });
  await vm.run();
  await expect(vm).toPrintInOrder(["PARTNAME=first", "PARTNAME=second", "second"]);
});

test("invalid files are refused by name, and nothing is left", async ({ device, customVm }) => {
  const listed = async (): Promise<string> =>
    (await device.execUnchecked(["find", "/data/local/tmp/avf", "-type", "f"])).stdout;
  const before = await listed();
  const kernel = __filename;
  await expect(customVm({ kernel })).rejects.toThrow(`${kernel} cannot be a kernel: it is no kernel.`);
  await expect(customVm({ kernel: "no/such" })).rejects.toThrow(/no\/such cannot be a kernel: there is no such file\./);
  await expect(customVm({ kernel: KERNEL, initrd: kernel })).rejects.toThrow(/cannot be an initramfs: it is neither/);
  await expect(customVm({ kernel: KERNEL, disks: [__dirname] })).rejects.toThrow(/cannot be a disk: it is a folder\./);
  await expect(customVm({})).toRejectWithCode("CUSTOM_VM");
  expect(await listed()).toBe(before);
});
