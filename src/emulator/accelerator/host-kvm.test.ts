import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cpuIdentity, explainNoNesting, kvmIdentity, nestingIsOff, refuseKvm, type HostPaths } from "./host-kvm.js";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "kvm-"))));
afterAll(() => rmSync(folder, { recursive: true }));

let hosts = 0;
function host(flags: string, nested?: Readonly<Record<string, string>>): HostPaths {
  const root = join(folder, `host-${hosts++}`);
  for (const [module, value] of Object.entries(nested ?? {})) {
    mkdirSync(join(root, module, "parameters"), { recursive: true });
    writeFileSync(join(root, module, "parameters/nested"), `${value}\n`);
    writeFileSync(join(root, module, "initstate"), "live\n");
  }
  mkdirSync(root, { recursive: true });
  writeFileSync(join(root, "cpuinfo"), `processor\t: 0\nflags\t\t: fpu ${flags} sse\n`);
  return { kvm: join(root, "kvm"), modules: root, cpuinfo: join(root, "cpuinfo") };
}

describe("no /dev/kvm", () => {
  test.each([
    ["", "shows no virtualisation"],
    ["vmx", "`sudo modprobe kvm_intel`"],
    ["svm", "`sudo modprobe kvm_amd`"],
  ])("a CPU with flags %j", (flags, words) => {
    expect(refuseKvm(host(flags))).toContain(words);
  });

  test("one that is there and does not open is no missing one", () => {
    const paths = host("svm");
    // open(2) refuses a folder to everybody, root included.
    mkdirSync(paths.kvm);
    expect(refuseKvm(paths)).toBe("/dev/kvm cannot be opened (EISDIR)");
  });

  test("one that opens is tried", () => {
    const paths = host("svm");
    writeFileSync(paths.kvm, "");
    expect(refuseKvm(paths)).toBeUndefined();
  });
});

describe("KVM without nesting", () => {
  test.each([
    ["vmx", { kvm_intel: "N" }, "parameter nested of kvm_intel is N; `sudo modprobe -r kvm_intel && "],
    ["svm", { kvm_amd: "0" }, "parameter nested of kvm_amd is 0; `sudo modprobe -r kvm_amd && "],
    ["svm", { kvm_amd: "1" }, "although parameter nested of kvm_amd is 1"],
    ["svm", { kvm_intel: "Y", kvm_amd: "0" }, "parameter nested of kvm_amd is 0; "],
    ["vmx", { kvm_intel: "Y", kvm_amd: "0" }, "although parameter nested of kvm_intel is Y"],
    ["vmx", {}, "although parameter nested of kvm_intel is not shown"],
  ])("flags %j, modules %j", (flags, modules, words) => {
    expect(explainNoNesting(host(flags, modules))).toContain(words);
  });

  test("a module that is built into the kernel cannot be loaded again", () => {
    const paths = host("svm", { kvm_amd: "0" });
    rmSync(join(paths.modules, "kvm_amd/initstate"));
    expect(explainNoNesting(paths)).toMatch(
      /part of this kernel, and `kvm_amd\.nested=1` among the kernel's parameters/,
    );
  });
});

describe("the identity of a host's KVM", () => {
  test("changes with the parameter that a doctor's hint changes, and with the CPU's flags under the same name", () => {
    const off = host("svm", { kvm_amd: "0" });
    const on = host("svm", { kvm_amd: "1" });
    const fewer = host("", { kvm_amd: "1" });
    expect(kvmIdentity(host("svm", { kvm_amd: "0" }))).toBe(kvmIdentity(off));
    expect(new Set([off, on, fewer].map(kvmIdentity)).size).toBe(3);
    expect(new Set([off, on, fewer].map((each) => cpuIdentity(each))).size).toBe(3);
    expect([off, on].map(nestingIsOff)).toEqual([true, false]);
  });

  test("of a saved state changes with the kernel, and with any parameter that says what a machine is given", () => {
    const paths = host("svm", { kvm_amd: "1" });
    const before = cpuIdentity(paths);
    expect(cpuIdentity(paths, "another kernel")).not.toBe(before);
    const set = (name: string, value: string): void =>
      writeFileSync(join(paths.modules, "kvm_amd/parameters", name), `${value}\n`);
    set("dump_invalid_vmcb", "N");
    expect(cpuIdentity(paths)).toBe(before);
    set("npt", "Y");
    const withPages = cpuIdentity(paths);
    set("npt", "N");
    expect(new Set([before, withPages, cpuIdentity(paths)]).size).toBe(3);
  });

  test.each([
    ["N", true],
    ["Y", false],
    ["0", true],
    ["1", false],
  ])("Intel's or AMD's nested=%s is off: %j", (value, isOff) => {
    expect(nestingIsOff(host("vmx", { kvm_intel: value }))).toBe(isOff);
  });
});
