import { describe, expect, test } from "@jest/globals";
import { buildMachineArguments, buildProbeArguments, type MachineConfig } from "./arguments.js";

const config: MachineConfig = {
  emulator: ["qemu-system-x86_64"],
  accelerator: "tcg",
  cpus: 2,
  imageFolder: "/cache/images/key",
  adbPort: 23456,
  dataDisk: "/cache/snapshots/key/data.img",
  keepData: false,
  memoryFile: "/cache/snapshots/key/memory",
  memoryShared: false,
  incoming: true,
  serialLog: "/cache/devices/avf-1/serial.log",
};

/** The value behind a flag that occurs once. */
function valueOf(argv: readonly string[], flag: string): string | undefined {
  return argv[argv.indexOf(flag) + 1];
}

describe("buildMachineArguments", () => {
  test("only 127.0.0.1 listens, and nothing gets out", () => {
    const argv = buildMachineArguments(config);
    expect(valueOf(argv, "-netdev")).toBe("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:23456-10.0.2.15:5555");
    expect(argv.filter((word) => /server|0\.0\.0\.0|vnc|telnet/.test(word))).toEqual([]);
  });

  test("QEMU starts no program, and gains no rights", () => {
    for (const argv of [buildMachineArguments(config), buildProbeArguments(["qemu"], "kvm", "/image", "/serial.log")])
      expect(valueOf(argv, "-sandbox")).toBe("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
  });

  test("of a device with two processors the first runs no program; one alone runs all", () => {
    const of = (cpus: 1 | 2) => buildMachineArguments({ ...config, cpus });
    expect(valueOf(of(2), "-smp")).toBe("3");
    expect(valueOf(of(2), "-append")).toMatch(/ isolcpus=0$/);
    expect(valueOf(of(1), "-smp")).toBe("1");
    expect(valueOf(of(1), "-append")).not.toContain("isolcpus");
  });

  test("a start from a snapshot writes to neither its memory nor its disks", () => {
    const argv = buildMachineArguments(config).join(" ");
    expect(argv).toContain("mem-path=/cache/snapshots/key/memory,share=off,readonly=on,rom=off");
    expect(argv).toContain("file=/cache/snapshots/key/data.img,snapshot=on");
    expect(argv).toContain("file=/cache/images/key/root.img,readonly=on");
    expect(argv).toContain("-incoming defer");
  });

  test("the machine that a snapshot is made of keeps what is written", () => {
    const argv = buildMachineArguments({ ...config, keepData: true, memoryShared: true, incoming: false }).join(" ");
    expect(argv).toContain("share=on");
    expect(argv).not.toContain("snapshot=on");
    expect(argv).not.toContain("-incoming");
  });

  test("the emulated CPU can run VMs; a real one is passed through", () => {
    expect(valueOf(buildMachineArguments(config), "-cpu")).toBe("EPYC-Rome,+svm,+npt");
    expect(valueOf(buildMachineArguments({ ...config, accelerator: "kvm" }), "-cpu")).toBe("host");
  });

  test("a comma in a path does not end an option", () => {
    expect(buildMachineArguments({ ...config, memoryFile: "/a,b/memory" }).join(" ")).toContain(
      "mem-path=/a,,b/memory",
    );
  });
});
