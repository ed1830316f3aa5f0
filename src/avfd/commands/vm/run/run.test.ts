/** `vm run CONFIG.json` on a device in a folder, whose monitor runs no guest. */
import { describe, expect, test } from "@jest/globals";
import { execFile, execFileSync } from "node:child_process";
import { open, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { cpioArchive } from "../../../../base/files/cpio.js";
import { grantPermission, revokePermission } from "../../../packages/permissions.js";
import { VM_PERMISSIONS } from "../../../packages/package-record.js";
import { useRawVmHost } from "../../../testing/raw-vm-host.js";
import { initrdProblem } from "../../../virtualization/raw/inspect-initrd.js";
import { ImageLocks } from "../../../virtualization/raw/image-locks.js";
import type { VmmDisk } from "../../../vmm/contract.js";
import { parseVersionReq } from "../../../virtualization/raw/platform-version.js";
import { rawVmPlan } from "../../../virtualization/raw/raw-vm-plan.js";

const SHELL = 2000;

const raw = useRawVmHost();

async function readPieces(disk: VmmDisk | undefined): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for (const { file, offset, bytes } of disk?.pieces ?? []) {
    expect(Buffer.concat(pieces)).toHaveLength(offset);
    const piece = Buffer.alloc(bytes);
    await file.read(piece, 0, bytes, 0);
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

describe("a VM of the caller's kernel", () => {
  test("is what the config says, and reports its end", async () => {
    const config = { initrd: "ramdisk", params: "console=ttyS0 quiet", memory_mib: 128, name: "unused" };
    const { config: vm, stdout, stderr, exitCode } = await raw.started(config);
    expect(vm).toMatchObject({
      ...{ kernelParams: ["console=ttyS0 quiet"], memoryMib: 128, cpuCount: 1, consoleInput: "hvc0", anyGuest: true },
      ...{ firmwarePath: undefined, gdbPort: undefined, disks: [] },
    });
    expect(stdout).toBe(`Created VM from "vm.json" with CID ${vm.cid}, state is STARTING.\nVM ended: Shutdown\n`);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(await raw.leftovers()).toEqual([]);
  });

  test("options of the command line count for more, and the topology of the config counts for nothing", async () => {
    const options = ["--mem", "96", "--gdb", "51234", "--name", "mine", "--protected"];
    const { config: vm } = await raw.started({ memory_mib: 128, cpu_topology: "match_host" }, ...options);
    expect(vm).toMatchObject({ memoryMib: 96, cpuCount: 1, gdbPort: 51234 });
    raw.host.device.identity.setRelease(16);
    expect((await raw.started({}, "--cpu-topology", "cpu_count=3")).config.cpuCount).toBe(3);
    raw.host.device.identity.setRelease(13);
    for (const [asked, count] of [
      ["3", 3],
      ["0", 1],
      ["4294967295", 1],
    ] as const) {
      const tool = raw.host.start("vm", "run", await raw.writeConfig({}), "--cpus", asked);
      await tool.printed(/Started VM/);
      expect(raw.host.vmm.started.at(-1)?.config.cpuCount).toBe(count);
      raw.host.vmm.started.at(-1)?.end({ kind: "shutdown" });
      await tool.ended;
    }
  });

  test("a reset is a reboot, without a payload that would have to start first", async () => {
    const tool = raw.host.start("vm", "run", await raw.writeConfig({}));
    await tool.printed(/with CID/);
    raw.host.vmm.started.at(-1)?.end({ kind: "reboot" });
    expect((await tool.ended).stdout).toContain("VM ended: Reboot\n");
  });

  test("a crash with a truncated initramfs names that as the reason", async () => {
    const whole = cpioArchive([
      { kind: "file", path: "init", content: Buffer.alloc(600) },
      { kind: "file", path: "etc", content: Buffer.alloc(9) },
    ]);
    const packed = gzipSync(whole);
    const first = Buffer.concat([packed, Buffer.alloc(4 - (packed.length % 4))]);
    const files = [
      ["whole", whole, undefined],
      ["two", Buffer.concat([whole, Buffer.alloc(512), packed]), undefined],
      ["first-packed", Buffer.concat([first, whole, Buffer.alloc(200_000)]), undefined],
      ["packed-otherwise", Buffer.concat([packed, Buffer.from("28b52ffd", "hex"), Buffer.alloc(90_000, 1)]), undefined],
      ["zeros-between", Buffer.concat([whole.subarray(0, 716), Buffer.alloc(512), whole.subarray(716)]), undefined],
      [
        "cut-behind-packed",
        Buffer.concat([first, whole.subarray(0, 500)]),
        `it is cut within init: ${first.length + 500} bytes`,
      ],
      ["cut", whole.subarray(0, 500), "it is cut within init: 500 bytes"],
      ["shorter", whole.subarray(0, 110 + 6 + 600), "its cpio archive ends after init, without the entry that ends it"],
      ["packed", packed, undefined],
      ["cut-gzip", packed.subarray(0, -12), "it is cut: its gzip stream does not end"],
      ["second-cut", Buffer.concat([whole, packed.subarray(0, -12)]), "it is cut: its gzip stream does not end"],
    ] as const;
    for (const [name, content, problem] of files) {
      await writeFile(join(raw.host.folder, name), content);
      const tool = raw.host.start("vm", "run", await raw.writeConfig({ initrd: name }));
      await tool.printed(/with CID/);
      raw.host.vmm.started.at(-1)?.end({ kind: "crash" });
      const { stderr } = await tool.ended;
      expect(stderr).toBe(problem === undefined ? "" : `the initrd ${name} is not whole: ${problem}\n`);
    }
  });

  test("an initramfs whose look takes too long is not called cut", async () => {
    const [path, packed] = [join(raw.host.folder, "slow"), gzipSync(Buffer.alloc(9000)).subarray(0, -12)];
    for (const content of [packed, cpioArchive([]).subarray(0, -20)]) {
      await writeFile(path, content);
      const file = await open(path);
      expect(await initrdProblem(file)).toMatch(/^it is cut: its gzip|^its cpio archive ends/);
      expect(await initrdProblem(file, AbortSignal.abort())).toBeUndefined();
      await file.close();
    }
  });

  test("release 13 has its own lines, and may leave the VM behind", async () => {
    raw.host.device.identity.setRelease(13);
    const { stdout } = await raw.run({}, "--daemonize");
    const { cid } = raw.host.vmm.started.at(-1)?.config ?? {};
    expect(stdout).toBe(
      `Created VM from "vm.json" with CID ${cid}, state is NOT_STARTED.\nStarted VM, state now STARTING.\n`,
    );
    expect(await raw.host.run("vm", "stop", String(cid))).toMatchObject({ exitCode: 0 });
    expect(await raw.leftovers()).toEqual([]);
  });
});

describe("is refused before anything is made", () => {
  test.each([
    [
      "a kernel that is missing",
      { kernel: "none" },
      /^Error: Failed to open "none"\n\nCaused by:\n {4}No such file or directory \(os error 2\)\n$/,
    ],
    ["a ramdisk that is missing", { initrd: "none" }, /^Error: Failed to open "none"\n/],
    ["a disk that is missing", { disks: [{ image: "none", writable: true }] }, /^Error: Failed to open "none"\n/],
    [
      "a kernel that is a folder",
      { kernel: "folder" },
      /^Error: Failed to create VM\n\nCaused by:\n {4}Status\(-8, EX_SERVICE_SPECIFIC\): '-1: folder is a directory'\n$/,
    ],
    ["a disk that is a folder", { disks: [{ image: "folder", writable: false }] }, /folder is a directory/],
    [
      "a writable disk that is a folder",
      { disks: [{ image: "folder", writable: true }] },
      /^Error: Failed to open "folder"\n\nCaused by:\n {4}Is a directory \(os error 21\)\n$/,
    ],
    [
      "memory beyond what Android counts",
      { memory_mib: 2 ** 31 },
      /^Error: Invalid memory_mib\n\nCaused by:\n {4}out of range integral type conversion attempted\n$/,
    ],
    ["a topology that is none", { cpu_topology: "two" }, /^Error: Invalid cpu topology two\n$/],
    ["protection", { protected: true }, /Protected VMs are not supported on this device/],
    [
      "a device",
      { devices: ["/sys/bus/platform/devices/x"] },
      /device \/sys\/bus\/platform\/devices\/x cannot be assigned/,
    ],
  ] as const)("%s", async (_what, config, words) => {
    const { stdout, stderr, exitCode } = await raw.run(config);
    expect(stderr).toMatch(words);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(raw.host.vmm.started).toEqual([]);
    expect(await raw.leftovers()).toEqual([]);
  });

  test("a config that is missing, no JSON, or too large", async () => {
    const missing = await raw.host.run("vm", "run", "none.json");
    expect(missing.stderr).toBe(
      "Error: Failed to open config file\n\nCaused by:\n    No such file or directory (os error 2)\n",
    );
    expect((await raw.run("{")).stderr).toContain("EOF while parsing an object at line 1 column 1");
    await writeFile(join(raw.host.folder, "large.json"), " ");
    await truncate(join(raw.host.folder, "large.json"), 2 ** 30);
    for (const file of ["large.json", "/dev/zero"]) {
      expect((await raw.host.run("vm", "run", file)).stderr).toBe(
        "Error: Failed to parse config file\n\nCaused by:\n    the file is too large: at most 1048576 bytes are read\n",
      );
    }
  });

  test("a config that comes through a pipe, whose writer has gone by then", async () => {
    execFileSync("mkfifo", [join(raw.host.folder, "pipe.json")]);
    for (let time = 0; time < 10; time++) {
      const write = promisify(execFile)("sh", ["-c", 'printf "{\\"platform_version\\":\\"1\\"}" >pipe.json'], {
        cwd: raw.host.folder,
      });
      const { stderr } = await raw.host.run("vm", "run", "pipe.json");
      expect(stderr).toContain("VM must have either a bootloader or a kernel image.");
      await write;
    }
  });

  test("without the permission for custom VMs", async () => {
    const plan = rawVmPlan(
      {
        ...{ name: "vm", kernel: undefined, initrd: undefined, params: undefined, bootloader: undefined, disks: [] },
        ...{ protectedVm: false, memoryMib: 0, cpuCount: 1, gdbPort: undefined, devices: [], hostServices: [] },
        ...{ consoleInputDevice: undefined, usbController: false, wantsDeviceTree: false },
        platformVersion: parseVersionReq("1"),
      },
      new ImageLocks(),
    );
    const { packages } = raw.host.device;
    expect(() => plan.check(packages, SHELL)).not.toThrow();
    await revokePermission(packages, "com.android.shell", VM_PERMISSIONS.useCustom);
    expect(() => plan.check(packages, SHELL)).toThrow(VM_PERMISSIONS.useCustom);
    await grantPermission(packages, "com.android.shell", VM_PERMISSIONS.useCustom);
  });
});

describe("disks", () => {
  test("come in the order of the config, and partitions as one disk with its table", async () => {
    await writeFile(join(raw.host.folder, "a.img"), "a".repeat(5000));
    await writeFile(join(raw.host.folder, "b.img"), "b".repeat(4096));
    const partitions = [
      { label: "first", path: "a.img" },
      { label: "zweite-Größe", path: "b.img" },
    ];
    const disks = [
      { image: "ramdisk", writable: true },
      { partitions, writable: false },
    ];
    const tool = raw.host.start("vm", "run", await raw.writeConfig({ disks }));
    await tool.printed(/with CID/);
    const [first, second] = raw.host.vmm.started.at(-1)?.config.disks ?? [];
    expect(first).toMatchObject({ writable: true, serial: undefined });
    const disk = await readPieces(second);
    raw.host.vmm.started.at(-1)?.end({ kind: "shutdown" });
    await tool.ended;
    await writeFile(join(raw.host.folder, "disk.img"), disk);
    // By a program that is not ours.
    const { stdout } = await promisify(execFile)("partx", ["-o", "NAME,START,SECTORS,TYPE", "-g", "-r", "disk.img"], {
      cwd: raw.host.folder,
    });
    const type = "0fc63daf-8483-4772-8e79-3d69d8477de4";
    expect(stdout).toBe(`first 40 16 ${type}\nzweite-Gr\\xc3\\xb6\\xc3\\x9fe 56 8 ${type}\n`);
    expect(disk.subarray(40 * 512, 40 * 512 + 8192).toString("latin1")).toBe("a".repeat(5000) + "\0".repeat(3192));
    expect(disk.subarray(56 * 512, 56 * 512 + 4096).toString("latin1")).toBe("b".repeat(4096));
    expect(await raw.leftovers()).toEqual([]);
  });

  test("have partitions with the GUIDs of the config, in each form that the crate uuid takes, since Android 16", async () => {
    raw.host.device.identity.setRelease(16);
    await writeFile(join(raw.host.folder, "b.img"), "b".repeat(4096));
    const guids = [
      "67e55044-10b1-426f-9247-bb680e5fe0c8",
      "67E5504410B1426F9247BB680E5FE0C9",
      "{67e55044-10b1-426f-9247-bb680e5fe0ca}",
      "urn:uuid:67e55044-10b1-426f-9247-bb680e5fe0cb",
    ];
    const partitions = guids.map((guid, at) => ({ label: `p${at}`, path: "b.img", guid }));
    const tool = raw.host.start("vm", "run", await raw.writeConfig({ disks: [{ partitions, writable: false }] }));
    await tool.printed(/with CID/);
    const disk = await readPieces(raw.host.vmm.started.at(-1)?.config.disks[0]);
    raw.host.vmm.started.at(-1)?.end({ kind: "shutdown" });
    await tool.ended;
    await writeFile(join(raw.host.folder, "disk.img"), disk);
    const { stdout } = await promisify(execFile)("partx", ["-o", "NAME,UUID", "-g", "-r", "disk.img"], {
      cwd: raw.host.folder,
    });
    expect(stdout).toBe(
      ["8", "9", "a", "b"].map((end, at) => `p${at} 67e55044-10b1-426f-9247-bb680e5fe0c${end}\n`).join(""),
    );
    expect(await raw.leftovers()).toEqual([]);
  });

  test.each([
    [
      "two partitions of one name",
      [
        { label: "x", path: "a.img" },
        { label: "x", path: "b.img" },
      ],
      'duplicate GPT partition label "x"',
    ],
    [
      "a writable partition of an odd size",
      [{ label: "x", path: "a.img", writable: true }],
      "Read-write partition a.img size is not a multiple of 4096.",
    ],
    [
      "more partitions than a table has room for",
      Array.from({ length: 129 }, (_, at) => ({ label: `p${at}`, path: "b.img" })),
      "129 partitions are too many",
    ],
    ["an image in a container", [{ label: "x", path: "c.qcow2" }], "c.qcow2 is a QCOW2 image"],
  ])("%s is refused", async (_what, partitions, words) => {
    await writeFile(join(raw.host.folder, "a.img"), "a".repeat(5000));
    await writeFile(join(raw.host.folder, "b.img"), "b".repeat(4096));
    await writeFile(join(raw.host.folder, "c.qcow2"), Buffer.from("QFI\xfb\0\0\0\x03", "latin1"));
    const { stderr, exitCode } = await raw.run({ disks: [{ partitions, writable: false }] });
    expect(stderr).toMatch(/^Error: Failed to create VM\n/);
    expect(stderr).toContain(words);
    expect(exitCode).toBe(1);
    expect(await raw.leftovers()).toEqual([]);
  });

  test("one that a VM writes to is its alone", async () => {
    await writeFile(join(raw.host.folder, "b.img"), "b".repeat(4096));
    const config = { disks: [{ image: "b.img", writable: true }] };
    const tool = raw.host.start("vm", "run", await raw.writeConfig(config));
    await tool.printed(/with CID/);
    const { cid } = raw.host.vmm.started.at(-1)?.config ?? {};
    const second = await raw.run({ disks: [{ image: "b.img", writable: false }] });
    expect(second.stderr).toBe(`failed to lock disk image b.img: the VM with CID ${cid} uses it\n`);
    expect(second.stdout).toContain("VM ended: StartFailed\n");
    raw.host.vmm.started.at(-1)?.end({ kind: "shutdown" });
    await tool.ended;
    expect((await raw.started(config)).stdout).toContain("VM ended: Shutdown\n");
    // Reading is for any number of them.
    const read = { image: "b.img", writable: false };
    expect((await raw.started({ disks: [read, read] })).stdout).toContain("VM ended: Shutdown\n");
    expect((await raw.run({ disks: [read, { ...read, writable: true }] })).stderr).toContain(
      "another disk of this VM uses it",
    );
  });
});
