import { describe, expect, test } from "@jest/globals";
import { describeReason } from "./attached-vm-15.js";
import { formatInfo } from "./info.js";
import { formatVmList } from "./list.js";
import { describeDeath13 } from "./run-app-13.js";
import { debugPayload } from "./run-app-15.js";
import { debugString, formatToolError, ToolError } from "./rust-text.js";

describe("vm list", () => {
  const vm = {
    cid: 2048,
    temporaryDirectory: "/data/misc/virtualizationservice/2048",
    requester: { uid: 2000, pid: 1234 },
    state: "READY",
  } as const;

  test("release 15", () => {
    expect(formatVmList(15, [])).toBe("Running VMs: []");
    expect(formatVmList(15, [vm])).toBe(`Running VMs: [
    VirtualMachineDebugInfo {
        cid: 2048,
        temporaryDirectory: "/data/misc/virtualizationservice/2048",
        requesterUid: 2000,
        requesterPid: 1234,
    },
]`);
  });

  test("release 13 adds the security context and the state", () => {
    expect(formatVmList(13, [vm])).toBe(`Running VMs: [
    VirtualMachineDebugInfo {
        cid: 2048,
        temporaryDirectory: "/data/misc/virtualizationservice/2048",
        requesterUid: 2000,
        requesterSid: "u:r:shell:s0",
        requesterPid: 1234,
        state: VirtualMachineState(
            3,
        ),
    },
]`);
  });
});

describe("vm info", () => {
  const info = {
    vmSupported: true,
    protectedVmSupported: false,
    version: undefined,
    hasKvm: true,
    hasVfio: false,
    hasVfioPlatform: false,
    osList: ["microdroid"],
    vmm: "crosvm 0.1.0",
  };

  test("release 15", () => {
    expect(formatInfo(15, info)).toEqual([
      "Only non-protected VMs are supported.",
      "Hypervisor version not set.",
      "/dev/kvm exists.",
      "/dev/vfio/vfio does not exist.",
      "VFIO-platform is not supported.",
      "Assignable devices: []",
      'Available OS list: ["microdroid"]',
      "Virtual machine monitor: crosvm 0.1.0",
    ]);
  });

  test("release 13 has three lines, and the monitor", () => {
    expect(formatInfo(13, { ...info, version: "kvm", hasKvm: false })).toEqual([
      "Only unprotected VMs are supported.",
      "Hypervisor version: kvm",
      "/dev/kvm does not exist.",
      "Virtual machine monitor: crosvm 0.1.0",
    ]);
  });

  test.each([
    [false, false, "VMs are not supported."],
    [false, true, "Only protected VMs are supported."],
    [true, true, "Both protected and non-protected VMs are supported."],
  ])("support: plain %p, protected %p", (vmSupported, protectedVmSupported, line) => {
    expect(formatInfo(15, { ...info, vmSupported, protectedVmSupported })[0]).toBe(line);
  });
});

test("payloads print in Rust's debug form", () => {
  expect(debugPayload({ kind: "config", configPath: "assets/vm_config.json" }, 0)).toBe(
    'ConfigPath("assets/vm_config.json")',
  );
  expect(debugPayload({ kind: "binary", binaryName: "X.so" }, 0)).toBe(
    'PayloadConfig(VirtualMachinePayloadConfig { payloadBinaryName: "X.so", extraApks: [] })',
  );
  expect(debugString('a"b\\c\n\u0001ä')).toBe('"a\\"b\\\\c\\n\\u{1}ä"');
});

test("reasons of death", () => {
  expect(describeReason("KILLED")).toBe("Killed");
  expect(describeReason("MICRODROID_PAYLOAD_HAS_CHANGED")).toBe("MicrodroidPayloadHasChanged");
  expect(describeReason("WATCHDOG_REBOOT")).toMatch(/^Unrecognised\(/);
  expect(describeDeath13("SHUTDOWN")).toBe("VM shutdown cleanly.");
  expect(describeDeath13("HANGUP")).toBe("VM died for an unrecognised reason.");
});

describe("errors", () => {
  const describe_ = (error: unknown): string => String(error);

  test("one cause stands alone, several are numbered", () => {
    expect(formatToolError(new ToolError("a"), describe_)).toBe("Error: a");
    expect(formatToolError(new ToolError("a", "b"), describe_)).toBe("Error: a\n\nCaused by:\n    b");
    expect(formatToolError(new ToolError("a", new ToolError("b", "c")), describe_)).toBe(
      "Error: a\n\nCaused by:\n    0: b\n    1: c",
    );
  });
});
