import { describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ANDROID_RELEASES } from "../../../base/android-release.js";
import { describeReason } from "./run/attached-vm.js";
import { dialectOf } from "./dialects/index.js";
import { formatInfo } from "./info.js";
import { formatVmList } from "./list.js";
import { describeDeath13 } from "./run/run-app-daemon.js";
import { debugPayload } from "./run/run-app.js";
import { debugString, formatToolError, ToolError } from "./rust-text.js";

const golden = (name: string): string =>
  readFileSync(join(__dirname, "../../../../fixtures/golden/vm-tool", name), "utf8").trimEnd();

describe.each(ANDROID_RELEASES)("release %d", (release) => {
  const { listFields, plainVms, infoLines } = dialectOf(release);
  const vm = {
    name: "VmRunApp",
    cid: 2048,
    temporaryDirectory: "/data/misc/virtualizationservice/2048",
    requester: { uid: 2000, pid: 1234 },
    state: "READY",
  } as const;
  const info = {
    vmSupported: true,
    protectedVmSupported: false,
    version: "kvm",
    hasKvm: true,
    hasVfio: true,
    hasVfioPlatform: false,
    osList: ["microdroid"],
    vmm: "crosvm 0.1.0",
  };

  test("vm list", () => {
    expect(formatVmList(listFields, [])).toBe("Running VMs: []");
    expect(formatVmList(listFields, [vm, vm])).toBe(golden(`list-${release}.txt`));
  });

  test("vm info, and one line more for the monitor", () => {
    const lines = formatInfo({ plainVms, infoLines }, info);
    expect(lines.slice(0, -1).join("\n")).toBe(golden(`info-${release}.txt`));
    expect(lines.at(-1)).toBe("Virtual machine monitor: crosvm 0.1.0");
  });

  test.each([
    [false, false, "VMs are not supported."],
    [false, true, "Only protected VMs are supported."],
    [true, true, `Both protected and ${release === 13 ? "un" : "non-"}protected VMs are supported.`],
  ])("support: plain %p, protected %p", (vmSupported, protectedVmSupported, line) => {
    const other = { ...info, vmSupported, protectedVmSupported, version: undefined, hasKvm: false };
    const lines = formatInfo({ plainVms, infoLines }, other);
    expect(lines.slice(0, 3)).toEqual([line, "Hypervisor version not set.", "/dev/kvm does not exist."]);
  });
});

test("payloads print in Rust's debug form", () => {
  expect(debugPayload({ kind: "config", configPath: "assets/vm_config.json" }, 0)).toBe(
    'ConfigPath("assets/vm_config.json")',
  );
  expect(debugPayload({ kind: "binary", binaryName: "X.so" }, 0)).toBe(
    'PayloadConfig(VirtualMachinePayloadConfig { payloadBinaryName: "X.so", extraApks: [] })',
  );
  expect(debugPayload({ kind: "binary", binaryName: "X.so" }, undefined)).toBe(
    'PayloadConfig(VirtualMachinePayloadConfig { payloadBinaryName: "X.so" })',
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
