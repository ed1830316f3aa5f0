import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { mkdtemp, open, readdir, readFile, rm, writeFile, type FileHandle } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fakeBzImage, fakeVmlinux } from "../../testing/kernels/fake-kernel.js";
import type { DiskPiece, VmmConfig } from "../contract.js";
import { inspectKernel } from "../kernel/inspect.js";
import { MONITOR_FDS } from "../monitor-process.js";
import { composeDisks } from "./composed-disks.js";
import { buildQemuArgs } from "./qemu-args.js";
import { qemuVmm } from "./qemu.js";

let folder: string;
const opened: FileHandle[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "any-guest-"));
});
afterEach(async () => {
  for (const file of opened.splice(0)) await file.close();
  await rm(folder, { recursive: true });
});

async function fileOf(name: string, content: string | Buffer): Promise<FileHandle> {
  await writeFile(join(folder, name), content);
  const file = await open(join(folder, name), "r");
  opened.push(file);
  return file;
}

const config = (change: Partial<VmmConfig> = {}): VmmConfig => ({
  ...{ cid: 2048, folder, kernelPath: "/k", initrdPath: "/i", kernelParams: ["console=ttyS0"], disks: [] },
  ...{ memoryMib: 192, cpuCount: 2, gdbPort: undefined, anyGuest: true },
  ...change,
});
const valuesOf = (args: readonly string[], option: string): readonly string[] =>
  args.flatMap((arg, index) => (arg === option ? [args[index + 1] ?? ""] : []));

describe("QEMU's command line for a guest that is not ours", () => {
  test("devices on PCI, and parameters of the monitor before the user's own", () => {
    const args = buildQemuArgs(config({ gdbPort: 1234 }));
    expect(valuesOf(args, "-M")[0]).toMatch(/^microvm,.*pcie=on/);
    expect(valuesOf(args, "-append")).toEqual(["panic=-1 reboot=t console=ttyS0"]);
    const devices = valuesOf(args, "-device");
    expect(devices).toEqual(
      expect.arrayContaining(["virtio-serial-pci,max_ports=4", "vhost-vsock-pci,guest-cid=2048"]),
    );
    expect(devices.filter((device) => device.includes("virtio") && !device.includes("pci"))).toEqual([]);
    // A debugger sees the first instruction, as on crosvm.
    expect(valuesOf(args, "-gdb")).toEqual(["tcp:127.0.0.1:1234"]);
    expect(args).toContain("-S");
  });

  test("firmware is in the place of the kernel, on a PC", () => {
    const args = buildQemuArgs(config({ kernelPath: undefined, initrdPath: undefined, firmwarePath: "/fw" }));
    expect(valuesOf(args, "-M")[0]).toMatch(/^q35/);
    expect(valuesOf(args, "-bios")).toEqual(["/fw"]);
    expect(args.filter((arg) => /^-(kernel|initrd|append)$/.test(arg))).toEqual([]);
  });

  test("a disk that fails does not stop the machine, and has a serial only when it is given one", async () => {
    const file = await fileOf("d", "");
    const args = buildQemuArgs(config({ disks: [{ serial: undefined, file, writable: true }] }));
    const disk = valuesOf(args, "-device").find((device) => device.startsWith("virtio-blk"));
    expect(disk).toBe("virtio-blk-pci,drive=disk0,werror=report,rerror=report");
    const disks = Array.from({ length: 27 }, () => ({ serial: undefined, file, writable: false }));
    expect(() => buildQemuArgs(config({ disks }))).toThrow("27 disks are too many: at most 26");
  });
});

describe("disks of several files", () => {
  async function pieces(writable: boolean): Promise<readonly DiskPiece[]> {
    const [header, part, footer] = [await fileOf("h", ""), await fileOf("p", ""), await fileOf("f", "")];
    return [
      { file: header, offset: 0, bytes: 20480, writable: false, name: "the partition table" },
      { file: part, offset: 20480, bytes: 4096, writable, name: "part.img" },
      { file: footer, offset: 24576, bytes: 20480, writable: false, name: "the partition table" },
    ];
  }

  test("are described as extents of descriptors that QEMU inherits after its control channel", async () => {
    const parts = await pieces(true);
    const disk = { serial: undefined, file: parts[0]!.file, writable: true, pieces: parts };
    const composed = await composeDisks(config({ disks: [disk] }));
    const first = MONITOR_FDS.firstDisk + 2;
    const description = await readFile(join(folder, "composite-0.vmdk"), "utf8");
    // A blank line would make QEMU read the extent behind it twice.
    expect(description.split("\n").slice(-5)).toEqual([
      'createType="twoGbMaxExtentFlat"',
      `RW 40 FLAT "/proc/self/fd/${first}" 0`,
      `RW 8 FLAT "/proc/self/fd/${first + 1}" 0`,
      `RW 40 FLAT "/proc/self/fd/${first + 2}" 0`,
      "",
    ]);
    expect(composed.pieces).toEqual(parts.map(({ file }) => file));
    await composed.close();
    const args = buildQemuArgs(config({ disks: composed.disks }));
    expect(valuesOf(args, "-blockdev")[1]).toBe("driver=vmdk,node-name=disk0,file=disk0-description,read-only=off");
  });

  test("a read-only part of a writable disk is refused by name, for QEMU would write to it", async () => {
    const parts = await pieces(false);
    const disk = { serial: undefined, file: parts[0]!.file, writable: true, pieces: parts };
    await expect(composeDisks(config({ disks: [disk] }))).rejects.toThrow(
      "part.img is a read-only partition of a writable disk, which QEMU cannot have",
    );
    const composed = await composeDisks(config({ disks: [{ ...disk, writable: false }] }));
    await composed.close();
  });

  test("are put together before the monitor asks whether a virtual CPU may run", async () => {
    const parts = await pieces(false);
    await fileOf("firmware", Buffer.alloc(64 << 10));
    const mayRun = jest.fn(async () => expect(await readdir(folder)).toContain("composite-0.vmdk"));
    const vmm = qemuVmm({ program: "/bin/false", neededDevices: [] });
    const disks = [{ serial: undefined, file: parts[0]!.file, writable: false, pieces: parts }];
    const firmware = { kernelPath: undefined, firmwarePath: join(folder, "firmware") };
    const { ended } = await vmm.start(config({ disks, mayRun, ...firmware }));
    expect(await ended).toMatchObject({ kind: "start-failed" });
    expect(mayRun).toHaveBeenCalledTimes(1);
  });
});

describe("what QEMU cannot start is refused beforehand", () => {
  const vmm = qemuVmm({ program: "/bin/false", neededDevices: [] });
  const started = async (change: Partial<VmmConfig>): Promise<unknown> => vmm.start(config(change));

  test("a vmlinux without an entry for PVH, and firmware of a size that cannot be mapped", async () => {
    await fileOf("vmlinux", fakeVmlinux({ pvh: false }));
    await expect(started({ kernelPath: join(folder, "vmlinux") })).rejects.toThrow("it has no such entry (CONFIG_PVH)");
    await fileOf("firmware", Buffer.alloc(1000));
    const firmware = { kernelPath: undefined, firmwarePath: join(folder, "firmware") };
    await expect(started(firmware)).rejects.toThrow("it has 1000 bytes, and QEMU takes multiples of 64 KiB");
  });

  test.each([
    ["bzImage", fakeBzImage(), { format: "bzImage", endAddress: 76 << 20, hasPvhEntry: false }],
    ["vmlinux", fakeVmlinux(), { format: "elf", endAddress: 56 << 20, hasPvhEntry: true }],
  ])("a %s is known by its header", async (_name, image, facts) => {
    const { fd } = await fileOf("kernel", image);
    expect(inspectKernel(fd, "kernel")).toMatchObject({ ...facts, maxParamsBytes: 2047 });
  });

  test.each([0xffff_fff4, 0xffff_fff0, 0x7fff_fffe])(
    "notes that end nowhere have no entry: %d bytes",
    async (bytes) => {
      const image = fakeVmlinux();
      // Of the name, which comes first in the note at the end.
      image.writeUInt32LE(bytes, image.length - 24);
      image.writeUInt32LE(0, image.length - 20);
      const { fd } = await fileOf("kernel", image);
      expect(inspectKernel(fd, "kernel")).toMatchObject({ format: "elf", hasPvhEntry: false });
    },
  );
});
