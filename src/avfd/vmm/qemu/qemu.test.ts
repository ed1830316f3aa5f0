import { describe, expect, test } from "@jest/globals";
import type { FileHandle } from "node:fs/promises";
import type { VmmConfig, VmmDisk } from "../contract.js";
import { MONITOR_FDS } from "../monitor-process.js";
import { buildQemuArgs } from "./qemu-args.js";
import { describeQemuEnd, describeQemuMessage } from "./qemu.js";

const disk = (serial: string, writable = false): VmmDisk => ({ serial, writable, file: { fd: 99 } as FileHandle });

const config: VmmConfig = {
  cid: 2048,
  folder: "/vm",
  kernelPath: "/k",
  initrdPath: "/i",
  kernelParams: ["quiet", "console=hvc0"],
  disks: [disk("system"), disk("vm-instance", true)],
  memoryMib: 192,
  cpuCount: 2,
  gdbPort: undefined,
};

/** Values of an option, in order. */
function valuesOf(args: readonly string[], option: string): readonly string[] {
  return args.flatMap((arg, index) => (arg === option ? [args[index + 1] ?? ""] : []));
}

describe("QEMU's command line", () => {
  const args = buildQemuArgs(config);

  test("says what to boot, and how large", () => {
    expect(valuesOf(args, "-kernel")).toEqual(["/k"]);
    expect(valuesOf(args, "-initrd")).toEqual(["/i"]);
    expect(valuesOf(args, "-append")).toEqual(["quiet console=hvc0 reboot=t"]);
    expect(valuesOf(args, "-m")).toEqual(["192"]);
    expect(valuesOf(args, "-smp")).toEqual(["2"]);
    expect(valuesOf(buildQemuArgs({ ...config, initrdPath: undefined }), "-initrd")).toEqual([]);
  });

  test("few devices do with the first interrupt controller, which has eight places and may be the kernel's", () => {
    const withDisks = (count: number): readonly string[] => {
      const given = buildQemuArgs({ ...config, disks: Array.from({ length: count }, (_, at) => disk(`d${at}`)) });
      return [...valuesOf(given, "-M"), ...valuesOf(given, "-accel")];
    };
    expect(withDisks(6)).toEqual([expect.stringContaining(",ioapic2=off,"), "kvm,kernel-irqchip=on"]);
    expect(withDisks(7)).toEqual([expect.stringContaining(",ioapic2=on,"), "kvm,kernel-irqchip=split"]);
    expect(() => withDisks(23)).toThrow("23 disks are too many: at most 22");
  });

  test("a template shares its memory with its file, a copy reads that file, and waits for state and disks", () => {
    const file = "memory-backend-file,id=ram,size=192M,mem-path=/t/memory,share=";
    const template = buildQemuArgs(config, { path: "/t/memory", use: "template" });
    expect(valuesOf(template, "-object")).toEqual([`${file}on,reserve=off`]);
    expect(valuesOf(template, "-incoming")).toEqual([]);
    const copy = buildQemuArgs(config, { path: "/t/memory", use: "copy", diskBytes: [512, 4096] });
    expect(valuesOf(copy, "-object")).toEqual([`${file}off,reserve=off`]);
    expect(valuesOf(copy, "-incoming")).toEqual(["defer"]);
    expect(valuesOf(copy, "-add-fd")).toEqual([]);
    expect(valuesOf(copy, "-blockdev")).toEqual([
      "driver=null-co,node-name=disk0-empty,size=512,read-only=on",
      "driver=raw,node-name=disk0,file=disk0-empty,read-only=on,discard=unmap",
      "driver=null-co,node-name=disk1-empty,size=4096,read-only=off",
      "driver=raw,node-name=disk1,file=disk1-empty,read-only=off,discard=unmap",
    ]);
    // The same devices, or the state would not fit.
    expect(valuesOf(copy, "-device")).toEqual(valuesOf(template, "-device"));
    expect(valuesOf(copy, "-chardev")).toContain(`socket,id=control,fd=${MONITOR_FDS.firstDisk}`);
    for (const one of [template, copy]) expect(valuesOf(one, "-M")[0]).toMatch(/^microvm,.*,memory-backend=ram$/);
    expect(valuesOf(args, "-object")).toEqual([]);
  });

  test("a disk is a descriptor in a set of its own, found by its serial, and writable only when it says so", () => {
    expect(valuesOf(args, "-add-fd")).toEqual([
      `set=1,fd=${MONITOR_FDS.firstDisk}`,
      `set=2,fd=${MONITOR_FDS.firstDisk + 1}`,
    ]);
    const [system, instance] = valuesOf(args, "-blockdev");
    expect(system).toContain("filename=/dev/fdset/1,read-only=on");
    expect(instance).toContain("filename=/dev/fdset/2,read-only=off");
    expect(valuesOf(args, "-device")).toEqual(
      expect.arrayContaining([
        "virtio-blk-device,drive=disk0,serial=system",
        "virtio-blk-device,drive=disk1,serial=vm-instance",
        "vhost-vsock-device,guest-cid=2048",
      ]),
    );
  });

  test("serial devices come in Android's order: console and failure on ttyS, console, ramdump and log on hvc", () => {
    const devices = valuesOf(args, "-device").filter((device) => /^(isa-serial|virtconsole)/.test(device));
    expect(devices).toEqual([
      "isa-serial,index=0,chardev=ttyS0",
      "isa-serial,index=1,chardev=failure",
      "virtconsole,nr=0,chardev=hvc0",
      "virtconsole,nr=1,chardev=hvc1",
      "virtconsole,nr=2,chardev=log",
    ]);
  });

  test("the debugger's port is on the loopback address, and only when asked for", () => {
    expect(valuesOf(args, "-gdb")).toEqual([]);
    expect(valuesOf(buildQemuArgs({ ...config, gdbPort: 1234 }), "-gdb")).toEqual(["tcp:127.0.0.1:1234"]);
  });

  test("more disks than there are places are refused", () => {
    const disks = Array.from({ length: 30 }, (_, index) => disk(`extra-apk-${index}`));
    expect(() => buildQemuArgs({ ...config, disks })).toThrow("30 disks are too many");
  });
});

test.each([
  [33, null, "shutdown"],
  [0, null, "reboot"],
  [1, null, "start-failed"],
  [null, "SIGKILL", "killed"],
  [7, null, "unknown"],
])("QEMU's exit code %p and signal %p mean %s", (code, signal, kind) => {
  expect(describeQemuEnd(code, signal).kind).toBe(kind);
});

test("what QEMU's monitor reported counts more than exit code 0, and less than a signal", () => {
  expect(describeQemuEnd(0, null, { kind: "crash" }).kind).toBe("crash");
  expect(describeQemuEnd(null, "SIGKILL", { kind: "crash" }).kind).toBe("killed");
});

test.each([
  ["KVM internal error. Suberror: 1\nextra data[0]: 0x0\n", "crash"],
  ["qemu-system-x86_64: warning: something\n", undefined],
])("QEMU's message %j means %s", (message, kind) => {
  expect(describeQemuMessage(message)?.kind).toBe(kind);
});
