import { describe, expect, test } from "@jest/globals";
import type { FileHandle } from "node:fs/promises";
import { VmStartRefusal } from "../kernel/start-refusal.js";
import type { VmmConfig, VmmDisk } from "../contract.js";
import { buildCrosvmArgs } from "./crosvm-args.js";
import { parseOptions, readOptions, type CrosvmOptions } from "./crosvm-options.js";

const disk = (serial: string, writable = false): VmmDisk => ({ serial, writable, file: { fd: 99 } as FileHandle });

const config: VmmConfig = {
  cid: 2048,
  folder: "/vm/2048",
  kernelPath: "/k",
  initrdPath: "/i",
  kernelParams: ["quiet", "console=hvc0"],
  disks: [disk("system"), disk("vm-instance", true)],
  memoryMib: 192,
  cpuCount: 1,
  gdbPort: undefined,
};

const SERIAL = [
  "--serial=type=file,path=/proc/self/fd/3,hardware=serial,num=1",
  "--serial=type=file,path=/proc/self/fd/4,hardware=serial,num=2",
  "--serial=type=file,path=/proc/self/fd/5,input=/proc/self/fd/5,hardware=virtio-console,num=1",
  "--serial=type=sink,hardware=virtio-console,num=2",
  "--serial=type=file,path=/proc/self/fd/6,hardware=virtio-console,num=3",
];
const GENERAL = ["--extended-status", "--log-level", "info,disk=warn", "--no-syslog"];
const START = [...GENERAL, "run", "--disable-sandbox"];
const SMALL = ["--no-balloon", "--no-usb"];
const DISKS = [
  ...["--block", "path=/proc/self/fd/7,ro=true,id=system"],
  ...["--block", "path=/proc/self/fd/8,ro=false,id=vm-instance"],
];
const PARAMS = ["--params", "quiet console=hvc0 reboot=k"];
const SOCKET = ["--socket", "/vm/2048/crosvm.sock"];
const SIZE = ["--mem", "192", "--cpus", "1"];

/** What a crosvm of 2021 knew, as far as it matters. */
const OLD: CrosvmOptions = {
  general: new Set(["--extended-status"]),
  run: new Set(["--cid", "--disk", "--rwdisk", "--serial"]),
  compositeDisks: false,
};
/** One whose deprecated options are gone. */
const LATER: CrosvmOptions = {
  general: new Set(["--extended-status", "--log-level"]),
  run: new Set(["--vsock", "--block", "--gdb"]),
  compositeDisks: true,
};

const table: readonly (readonly [string, VmmConfig, CrosvmOptions | undefined, readonly string[]])[] = [
  [
    "a debuggable VM",
    config,
    undefined,
    [...START, "--cid", "2048", ...SMALL, ...SIZE, ...SERIAL, "--initrd", "/i", ...PARAMS, ...DISKS, "/k", ...SOCKET],
  ],
  [
    "a kernel alone, with all CPUs",
    { ...config, initrdPath: undefined, cpuCount: 4, memoryMib: 256, disks: [] },
    undefined,
    [...START, "--cid", "2048", ...SMALL, "--mem", "256", "--cpus", "4", ...SERIAL, ...PARAMS, "/k", ...SOCKET],
  ],
  [
    "with a debugger",
    { ...config, gdbPort: 1234, disks: [], initrdPath: undefined },
    undefined,
    [...START, "--cid", "2048", ...SMALL, ...SIZE, "--gdb", "1234", ...SERIAL, ...PARAMS, "/k", ...SOCKET],
  ],
  [
    "an old crosvm",
    { ...config, initrdPath: undefined },
    OLD,
    [
      ...["--extended-status", "run", "--disable-sandbox", "--cid", "2048", ...SIZE, ...SERIAL, ...PARAMS],
      ...["--disk", "/proc/self/fd/7,id=system", "--rwdisk", "/proc/self/fd/8,id=vm-instance", "/k", ...SOCKET],
    ],
  ],
  [
    "a crosvm without what is deprecated, balloon and USB",
    { ...config, initrdPath: undefined, disks: [] },
    LATER,
    [
      ...["--extended-status", "--log-level", "info,disk=warn", "run", "--disable-sandbox", "--vsock", "cid=2048"],
      ...[...SIZE, ...SERIAL, ...PARAMS, "/k", ...SOCKET],
    ],
  ],
];

describe("crosvm's command line", () => {
  test.each(table)("%s", (_, vm, known, expected) => {
    expect(buildCrosvmArgs(vm, known)).toEqual(expected);
  });

  test("what this crosvm cannot do is refused as a start that failed", () => {
    expect(() => buildCrosvmArgs({ ...config, gdbPort: 1 }, OLD)).toThrow(VmStartRefusal);
    const disks = Array.from({ length: 40 }, (_, index) => disk(`extra-apk-${index}`));
    expect(() => buildCrosvmArgs({ ...config, disks })).toThrow(/40 disks are too many: at most \d+$/);
  });
});

test("composite disks are known by the command that makes them", () => {
  expect(
    readOptions("Commands:\n  create_composite  Create a new composite disk image file\n", "").compositeDisks,
  ).toBe(true);
  expect(readOptions("Commands:\n  create_qcow2      Create Qcow2 image\n", "").compositeDisks).toBe(false);
});

test("options are read from the help, not from its explanations", () => {
  const help = [
    "Options:",
    "  --balloon-control path for balloon controller socket.",
    "  --balloon-page-reporting",
    "                    enable page reporting; see --no-balloon",
    "  -b, --block       parameters for setting up a block device.",
    "                    --not-an-option",
    "    --cid CID       as older versions print it",
  ].join("\n");
  expect([...parseOptions(help)]).toEqual(["--balloon-control", "--balloon-page-reporting", "--block", "--cid"]);
});
