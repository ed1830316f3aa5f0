/**
 * The device's own `vm run`, as typed in `adb shell`, on the monitor that the device has.
 * @avf-requires emulated
 */
import { describe, expect, test, type Device } from "jest-avf";
import { printingFirmware } from "../custom/support/firmware.js";

const VM = "/apex/com.android.virt/bin/vm";
const FOLDER = "/data/local/tmp";
/** Of one VM, from its start to its end. */
const RUN = { timeoutMs: 240_000 };
const GUEST_IMAGES = "/apex/com.android.virt/etc/fs";

/** Prepares the guest's console, then runs the lines; ends the VM by itself. */
const script = (console: string, ...lines: readonly string[]): string =>
  [
    "#!/bin/busybox sh",
    "/bin/busybox --install -s /bin; export PATH=/bin",
    "mount -t devtmpfs dev /dev; mount -t proc proc /proc; mount -t sysfs sys /sys",
    `exec </dev/${console} >/dev/${console} 2>&1`,
    ...lines,
    "",
  ].join("\n");

/** On the device: an initramfs of its busybox and this first process, which is appended to the rest. */
async function pushRamdisk(device: Device, init: string, path: string, ...before: readonly string[]): Promise<void> {
  const tree = `${FOLDER}/ramdisk-tree`;
  await device.exec(["mkdir", "-p", ...["bin", "dev", "proc", "sys"].map((name) => `${tree}/${name}`)]);
  await device.push(Buffer.from(init), `${tree}/bin/init`, { mode: 0o755 });
  await device.exec(["cp", "/system/bin/busybox", `${tree}/bin/busybox`]);
  const pack = `cd ${tree} && find . | cpio -o -H newc`;
  await device.exec(["sh", "-c", `(cat /dev/null ${before.join(" ")}; ${pack}) >${path}`]);
}

const pushConfig = (device: Device, config: object): Promise<void> =>
  device.push(Buffer.from(JSON.stringify(config)), `${FOLDER}/vm_config.json`);

/** Of VMs: nothing but what the service always has. */
const leftovers = async (device: Device): Promise<string> =>
  (await device.exec(["/system/xbin/su", "0", "ls", "/data/misc/virtualizationservice"])).stdout.trim();

/** A test in a folder of the device, which is removed afterwards. */
function deviceTest(name: string, body: (device: Device) => Promise<void>): void {
  test(name, async ({ device }) => {
    try {
      await body(device);
    } finally {
      await device.exec(["sh", "-c", `rm -rf ${FOLDER}/*`]);
    }
  });
}

const READY = "type a line";

/** Types the line when the guest prints that it reads one; returns all output. */
async function runTyping(device: Device, argv: readonly string[], line: string): Promise<string> {
  const tool = device.spawn(argv);
  let said = "";
  let typed = false;
  const take = (chunk: Buffer): void => {
    said += String(chunk);
    if (typed || !said.includes(READY)) return;
    typed = true;
    tool.stdin.write(line);
  };
  tool.stdout.on("data", take);
  await tool.ended;
  return said;
}

describe("vm run", () => {
  deviceTest("runs the config of Android's documentation: kernel, ramdisk, params", async (device) => {
    await pushRamdisk(device, script("hvc0", "echo hello from $(uname -s); poweroff -f"), `${FOLDER}/ramdisk`);
    await device.exec(["cp", `${GUEST_IMAGES}/microdroid_kernel`, `${FOLDER}/kernel`]);
    await pushConfig(device, {
      kernel: `${FOLDER}/kernel`,
      initrd: `${FOLDER}/ramdisk`,
      params: "rdinit=/bin/init",
    });
    const { stdout, stderr } = await device.exec([VM, "run", `${FOLDER}/vm_config.json`], RUN);
    expect(stdout).toMatch(
      new RegExp(`^Created VM from "${FOLDER}/vm_config.json" with CID \\d+, state is STARTING\\.$`, "m"),
    );
    expect(stdout).toContain("hello from Linux");
    expect(stdout).toMatch(/VM ended: Shutdown\n$/);
    expect(stderr).toContain("missing field `platform_version`");
    expect(await leftovers(device)).toBe("common");
  });

  deviceTest(
    "gives the guest its disks, partitions, memory and processors, and console input on ttyS0",
    async (device) => {
      const init = script(
        "ttyS0",
        "insmod /modules/virtio_blk.ko",
        "for part in /sys/block/vd*/vd*; do echo $(grep -hE 'DEVNAME|PARTNAME' $part/uevent); done",
        "echo first $(head -c 6 /dev/vdb1), second $(head -c 6 /dev/vdb2)",
        "printf changed | dd of=/dev/vda conv=notrunc 2>/dev/null; printf written | dd of=/dev/vdc1 conv=notrunc 2>/dev/null",
        "sync; echo processors $(nproc); awk '/MemTotal/ { print \"MiB\", int($2 / 1024) }' /proc/meminfo",
        `echo ${READY}; read line; echo typed: $line`,
        "reboot -f",
      );
      await pushRamdisk(device, init, `${FOLDER}/ramdisk`, `${GUEST_IMAGES}/microdroid_initrd.img`);
      const files = { a: "aaaaaa".padEnd(5000, "a"), b: "b".repeat(8192), c: "c".repeat(1 << 20), w: "w".repeat(4096) };
      for (const [name, content] of Object.entries(files))
        await device.push(Buffer.from(content), `${FOLDER}/${name}.img`);
      const part = (label: string, name: string, writable = false): object => ({
        label,
        path: `${FOLDER}/${name}.img`,
        writable,
      });
      await pushConfig(device, {
        ...{ kernel: `${GUEST_IMAGES}/microdroid_kernel`, initrd: `${FOLDER}/ramdisk`, memory_mib: 160 },
        ...{ params: "rdinit=/bin/init console=ttyS0 quiet", platform_version: "~1.0", console_input_device: "ttyS0" },
        disks: [
          { image: `${FOLDER}/c.img`, writable: true },
          { partitions: [part("one", "a"), part("two", "b")], writable: false },
          { partitions: [part("rw", "w", true)], writable: true },
        ],
      });
      const run = [VM, "run", "--cpu-topology", "match_host", `${FOLDER}/vm_config.json`];
      const stdout = await runTyping(device, run, "a line\n");
      for (const line of ["DEVNAME=vdb1 PARTNAME=one", "DEVNAME=vdb2 PARTNAME=two", "DEVNAME=vdc1 PARTNAME=rw"]) {
        expect(stdout).toContain(line);
      }
      expect(stdout).toContain("first aaaaaa, second bbbbbb");
      expect(stdout).toContain("typed: a line");
      const processors = (await device.exec(["nproc"])).stdout.trim();
      expect(stdout).toContain(`processors ${processors}`);
      const mib = Number(/MiB (\d+)/.exec(stdout)?.[1]);
      expect(mib).toBeGreaterThan(60);
      expect(mib).toBeLessThan(160);
      expect(stdout).toMatch(/VM ended: Reboot\n$/);
      expect(String(await device.readFile(`${FOLDER}/c.img`)).slice(0, 9)).toBe("changedcc");
      expect(String(await device.readFile(`${FOLDER}/w.img`)).slice(0, 9)).toBe("writtenww");
      expect(await leftovers(device)).toBe("common");
    },
  );

  deviceTest("runs firmware in the place of a kernel", async (device) => {
    await device.push(printingFirmware("firmware runs"), `${FOLDER}/firmware.bin`);
    await pushConfig(device, { bootloader: `${FOLDER}/firmware.bin`, platform_version: "~1.0" });
    const { stdout } = await device.exec([VM, "run", `${FOLDER}/vm_config.json`], RUN);
    expect(stdout).toContain("firmware runs");
    expect(stdout).toMatch(/VM ended: Reboot\n$/);
  });

  deviceTest("a panic of the kernel ends the VM, and a file that is no kernel starts none", async (device) => {
    const kernel = `${GUEST_IMAGES}/microdroid_kernel`;
    await pushConfig(device, { kernel, params: "console=ttyS0", platform_version: "~1.0" });
    const panic = await device.exec([VM, "run", `${FOLDER}/vm_config.json`], RUN);
    expect(panic.stdout).toContain("Kernel panic - not syncing: VFS: Unable to mount root fs");
    expect(panic.stdout).toMatch(/VM ended: (Reboot|Crash)\n$/);
    await pushConfig(device, { kernel: `${FOLDER}/vm_config.json`, platform_version: "~1.0" });
    const none = await device.exec([VM, "run", `${FOLDER}/vm_config.json`], RUN);
    expect(none.stderr).toContain(`failed to load the kernel ${FOLDER}/vm_config.json: it is neither a bzImage nor`);
    expect(none.stdout).toMatch(/VM ended: StartFailed\n$/);
    expect(await leftovers(device)).toBe("common");
  });
});

deviceTest("vm run-microdroid runs the device's empty payload until its caller goes", async (device) => {
  const tool = device.spawn([VM, "run-microdroid"]);
  let said = "";
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      said += String(chunk);
      if (/Hello Microdroid[^]*payload is ready|payload is ready[^]*Hello Microdroid/.test(said)) resolve();
    };
    tool.stdout.on("data", take);
    tool.stderr.on("data", take);
    void tool.ended.then(() => reject(new Error(`it ended: ${said}`)));
  });
  expect(said).toContain("found path /apex/com.android.virt/app/EmptyPayloadApp/EmptyPayloadApp.apk");
  await tool.stop();
});
