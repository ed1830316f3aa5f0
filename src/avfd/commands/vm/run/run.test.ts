/** `vm run CONFIG.json` on a device in a folder, whose monitor runs no guest. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { execFile } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { mkdir, readdir, truncate, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { promisify } from "node:util";
import { gzipSync } from "node:zlib";
import { cpioArchive } from "../../../../base/files/cpio.js";
import { grantPermission, revokePermission } from "../../../packages/permissions.js";
import { VM_PERMISSIONS } from "../../../packages/package-record.js";
import { deviceInFolder, type DeviceInFolder, type ProgramResult } from "../../../testing/device-in-folder.js";
import { fakeBzImage, fakeVmlinux } from "../../../testing/kernels/fake-kernel.js";
import type { ScriptedVm } from "../../../testing/scripted-vmm.js";
import { ImageLocks } from "../../../virtualization/raw/image-locks.js";
import type { VmmDisk } from "../../../vmm/contract.js";
import { parseVersionReq } from "../../../virtualization/raw/platform-version.js";
import { rawVmPlan } from "../../../virtualization/raw/raw-vm-plan.js";

const SHELL = 2000;

let host: DeviceInFolder;
beforeAll(async () => {
  host = await deviceInFolder();
  await writeFile(join(host.folder, "kernel"), fakeBzImage());
  await writeFile(join(host.folder, "ramdisk"), "an initramfs");
  await mkdir(join(host.folder, "folder"));
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});
beforeEach(() => {
  host.vmm.started.length = 0;
  host.device.identity.setRelease(15);
});

const WHOLE = { kernel: "kernel", platform_version: "~1.0" };

async function writeConfig(config: object | string): Promise<string> {
  const text = typeof config === "string" ? config : JSON.stringify({ ...WHOLE, ...config });
  await writeFile(join(host.folder, "vm.json"), text);
  return "vm.json";
}

const run = async (config: object | string, ...options: readonly string[]): Promise<ProgramResult> =>
  host.run("vm", "run", ...options, await writeConfig(config));

/** Starts it, and ends it as soon as it runs. */
async function started(config: object | string, ...options: readonly string[]): Promise<ScriptedVm & ProgramResult> {
  const tool = host.start("vm", "run", ...options, await writeConfig(config));
  await tool.printed(/with CID \d+, state is STARTING/);
  const vm = host.vmm.started.at(-1);
  if (!vm) throw new Error("no VM was started");
  vm.end({ kind: "shutdown" });
  return { ...vm, ...(await tool.ended) };
}

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

/** What is left of VMs: folders of the service, and files that it holds open. */
async function leftovers(): Promise<readonly string[]> {
  const folders = await readdir(host.device.paths.resolve("/data/misc/virtualizationservice"));
  const held = readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const path = readlinkSync(`/proc/self/fd/${fd}`);
      return path.startsWith(host.folder) ? [path] : [];
    } catch {
      return [];
    }
  });
  return [...folders.filter((name) => name !== "common"), ...held];
}

describe("a VM of the caller's kernel", () => {
  test("is what the config says, and tells its end", async () => {
    const config = { initrd: "ramdisk", params: "console=ttyS0 quiet", memory_mib: 128, name: "unused" };
    const { config: vm, stdout, stderr, exitCode } = await started(config);
    expect(vm).toMatchObject({
      ...{ kernelParams: ["console=ttyS0 quiet"], memoryMib: 128, cpuCount: 1, consoleInput: "hvc0", anyGuest: true },
      ...{ firmwarePath: undefined, gdbPort: undefined, disks: [] },
    });
    expect(stdout).toBe(`Created VM from "vm.json" with CID ${vm.cid}, state is STARTING.\nVM ended: Shutdown\n`);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    expect(await leftovers()).toEqual([]);
  });

  test("options of the command line count for more, and the topology of the config counts for nothing", async () => {
    const options = ["--mem", "96", "--gdb", "51234", "--name", "mine", "--protected"];
    const { config: vm } = await started({ memory_mib: 128, cpu_topology: "match_host" }, ...options);
    expect(vm).toMatchObject({ memoryMib: 96, cpuCount: 1, gdbPort: 51234 });
    host.device.identity.setRelease(16);
    expect((await started({}, "--cpu-topology", "cpu_count=3")).config.cpuCount).toBe(3);
    host.device.identity.setRelease(13);
    expect((await run({}, "--cpus", "0")).stderr).toContain("0 CPUs are none");
  });

  test("a reset is a reboot, without a payload that would have to start first", async () => {
    const tool = host.start("vm", "run", await writeConfig({}));
    await tool.printed(/with CID/);
    host.vmm.started.at(-1)?.end({ kind: "reboot" });
    expect((await tool.ended).stdout).toContain("VM ended: Reboot\n");
  });

  test("one that crashes with an initramfs that is cut is told so", async () => {
    const whole = cpioArchive([
      { kind: "file", path: "init", content: Buffer.alloc(600) },
      { kind: "file", path: "etc", content: Buffer.alloc(9) },
    ]);
    const packed = gzipSync(whole);
    const files = [
      ["whole", whole, undefined],
      ["two", Buffer.concat([whole, Buffer.alloc(512), packed]), undefined],
      ["cut", whole.subarray(0, 500), "it is cut within init: 500 bytes"],
      ["shorter", whole.subarray(0, 110 + 6 + 600), "its cpio archive ends after init, without the entry that ends it"],
      ["packed", packed, undefined],
      ["cut-gzip", packed.subarray(0, -12), "it is cut: its gzip stream does not end"],
      ["second-cut", Buffer.concat([whole, packed.subarray(0, -12)]), "it is cut: its gzip stream does not end"],
    ] as const;
    for (const [name, content, problem] of files) {
      await writeFile(join(host.folder, name), content);
      const tool = host.start("vm", "run", await writeConfig({ initrd: name }));
      await tool.printed(/with CID/);
      host.vmm.started.at(-1)?.end({ kind: "crash" });
      const { stderr } = await tool.ended;
      expect(stderr).toBe(problem === undefined ? "" : `the initrd ${name} is not whole: ${problem}\n`);
    }
  });

  test("release 13 has its own lines, and may leave the VM behind", async () => {
    host.device.identity.setRelease(13);
    const { stdout } = await run({}, "--daemonize");
    const { cid } = host.vmm.started.at(-1)?.config ?? {};
    expect(stdout).toBe(
      `Created VM from "vm.json" with CID ${cid}, state is NOT_STARTED.\nStarted VM, state now STARTING.\n`,
    );
    expect(await host.run("vm", "stop", String(cid))).toMatchObject({ exitCode: 0 });
    expect(await leftovers()).toEqual([]);
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
    const { stdout, stderr, exitCode } = await run(config);
    expect(stderr).toMatch(words);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(host.vmm.started).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  test("a config that is missing, no JSON, or too large", async () => {
    const missing = await host.run("vm", "run", "none.json");
    expect(missing.stderr).toBe(
      "Error: Failed to open config file\n\nCaused by:\n    No such file or directory (os error 2)\n",
    );
    expect((await run("{")).stderr).toContain("EOF while parsing an object at line 1 column 1");
    await writeFile(join(host.folder, "large.json"), " ");
    await truncate(join(host.folder, "large.json"), 2 ** 30);
    for (const file of ["large.json", "/dev/zero"]) {
      expect((await host.run("vm", "run", file)).stderr).toBe(
        "Error: Failed to parse config file\n\nCaused by:\n    the file is too large: at most 1048576 bytes are read\n",
      );
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
    const { packages } = host.device;
    expect(() => plan.check(packages, SHELL)).not.toThrow();
    await revokePermission(packages, "com.android.shell", VM_PERMISSIONS.useCustom);
    expect(() => plan.check(packages, SHELL)).toThrow(VM_PERMISSIONS.useCustom);
    await grantPermission(packages, "com.android.shell", VM_PERMISSIONS.useCustom);
  });
});

describe("disks", () => {
  test("come in the order of the config, and partitions as one disk with its table", async () => {
    await writeFile(join(host.folder, "a.img"), "a".repeat(5000));
    await writeFile(join(host.folder, "b.img"), "b".repeat(4096));
    const partitions = [
      { label: "first", path: "a.img" },
      { label: "zweite-Größe", path: "b.img" },
    ];
    const disks = [
      { image: "ramdisk", writable: true },
      { partitions, writable: false },
    ];
    const tool = host.start("vm", "run", await writeConfig({ disks }));
    await tool.printed(/with CID/);
    const [first, second] = host.vmm.started.at(-1)?.config.disks ?? [];
    expect(first).toMatchObject({ writable: true, serial: undefined });
    const disk = await readPieces(second);
    host.vmm.started.at(-1)?.end({ kind: "shutdown" });
    await tool.ended;
    await writeFile(join(host.folder, "disk.img"), disk);
    // By a program that is not ours.
    const { stdout } = await promisify(execFile)("partx", ["-o", "NAME,START,SECTORS,TYPE", "-g", "-r", "disk.img"], {
      cwd: host.folder,
    });
    const type = "0fc63daf-8483-4772-8e79-3d69d8477de4";
    expect(stdout).toBe(`first 40 16 ${type}\nzweite-Gr\\xc3\\xb6\\xc3\\x9fe 56 8 ${type}\n`);
    expect(disk.subarray(40 * 512, 40 * 512 + 8192).toString("latin1")).toBe("a".repeat(5000) + "\0".repeat(3192));
    expect(disk.subarray(56 * 512, 56 * 512 + 4096).toString("latin1")).toBe("b".repeat(4096));
    expect(await leftovers()).toEqual([]);
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
    await writeFile(join(host.folder, "a.img"), "a".repeat(5000));
    await writeFile(join(host.folder, "b.img"), "b".repeat(4096));
    await writeFile(join(host.folder, "c.qcow2"), Buffer.from("QFI\xfb\0\0\0\x03", "latin1"));
    const { stderr, exitCode } = await run({ disks: [{ partitions, writable: false }] });
    expect(stderr).toMatch(/^Error: Failed to create VM\n/);
    expect(stderr).toContain(words);
    expect(exitCode).toBe(1);
    expect(await leftovers()).toEqual([]);
  });

  test("one that a VM writes to is its alone", async () => {
    await writeFile(join(host.folder, "b.img"), "b".repeat(4096));
    const config = { disks: [{ image: "b.img", writable: true }] };
    const tool = host.start("vm", "run", await writeConfig(config));
    await tool.printed(/with CID/);
    const { cid } = host.vmm.started.at(-1)?.config ?? {};
    const second = await run({ disks: [{ image: "b.img", writable: false }] });
    expect(second.stderr).toBe(`failed to lock disk image b.img: the VM with CID ${cid} uses it\n`);
    expect(second.stdout).toContain("VM ended: StartFailed\n");
    host.vmm.started.at(-1)?.end({ kind: "shutdown" });
    await tool.ended;
    expect((await started(config)).stdout).toContain("VM ended: Shutdown\n");
    // Reading is for any number of them.
    const read = { image: "b.img", writable: false };
    expect((await started({ disks: [read, read] })).stdout).toContain("VM ended: Shutdown\n");
    expect((await run({ disks: [read, { ...read, writable: true }] })).stderr).toContain(
      "another disk of this VM uses it",
    );
  });
});

describe("fails to start, with what is wrong", () => {
  beforeAll(async () => {
    const files = {
      ...{ "no-kernel": "#!/bin/sh\n".repeat(200), empty: "", cut: fakeBzImage().subarray(0, 3000) },
      ...{ arm64: fakeVmlinux({ machine: 183 }), huge: fakeVmlinux({ sizeMib: 400 }) },
    };
    for (const [name, content] of Object.entries(files)) await writeFile(join(host.folder, name), content);
  });

  test.each([
    [
      "a file that is no kernel",
      { kernel: "no-kernel" },
      "failed to load the kernel no-kernel: it is neither a bzImage nor a vmlinux (ELF)",
    ],
    ["an empty file", { kernel: "empty" }, "failed to load the kernel empty: the file is empty"],
    ["a kernel that is cut", { kernel: "cut" }, "failed to load the kernel cut: it is cut: 3000 bytes of 3584"],
    [
      "one for another processor",
      { kernel: "arm64" },
      "failed to load the kernel arm64: it is for another processor (ELF machine 183)",
    ],
    ["one that does not fit", { kernel: "huge" }, "failed to load the kernel: it needs 428 MiB, the VM has 256 MiB"],
    [
      "4 KiB of parameters",
      { params: "x".repeat(4096) },
      "failed to load the kernel kernel: its command line has 4116 bytes with the monitor's own parameters, at most 2047",
    ],
  ] as const)("%s", async (_what, config, words) => {
    const { stdout, stderr, exitCode } = await run(config);
    expect(stderr).toBe(`${words}\n`);
    expect(stdout).toMatch(/^Created VM from .*\nVM ended: StartFailed\n$/);
    expect(exitCode).toBe(0);
    expect(host.vmm.started).toEqual([]);
    expect(await leftovers()).toEqual([]);
  });

  test("a port for a debugger that somebody else has", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    try {
      const { stderr, stdout } = await run({}, "--gdb", String(port));
      expect(stderr).toBe(`failed to listen for a debugger at port ${port}: Address already in use (os error 98)\n`);
      expect(stdout).toContain("VM ended: StartFailed\n");
    } finally {
      server.close();
    }
  });

  test.each([
    [
      "another platform",
      { platform_version: ">=1.1, <3" },
      "Incompatible platform version. The config is compatible with platform version(s) >=1.1, <3, but the actual platform version is 1.0.0",
    ],
    ["another serial device", { console_input_device: "ttyS1" }, "Unsupported serial device ttyS1"],
  ] as const)("%s", async (_what, config, words) => {
    const { stderr, exitCode } = await run(config);
    expect(stderr).toMatch(
      /^Error: Failed to start VM\n\nCaused by:\n {4}Status\(-8, EX_SERVICE_SPECIFIC\): '-1: Error starting VM with CID \d+/,
    );
    expect(stderr).toContain(words);
    expect(exitCode).toBe(1);
    expect(await leftovers()).toEqual([]);
  });
});
