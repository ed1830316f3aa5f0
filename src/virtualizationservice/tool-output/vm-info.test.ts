import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@jest/globals";
import { parseVmInfo } from "./vm-info.js";

const sample = (name: string): string => readFileSync(join(__dirname, "../dialects/samples", name), "utf8");

test("Android 15", () => {
  expect(parseVmInfo(sample("info-15.txt"))).toEqual({
    protectedVm: true,
    nonProtectedVm: true,
    hypervisorVersion: "kvm.arm-protected",
    kvmExists: true,
    supportedOsList: ["microdroid", "microdroid_gki-android14-6.1"],
    debugPolicy: undefined,
  });
});

test("Android 16 prints the debug policy, some builds as a result", () => {
  const policy = "DebugPolicy { log: false, ramdump: false, adb: false }";
  expect(parseVmInfo(sample("info-16.txt"))).toMatchObject({
    protectedVm: true,
    kvmExists: false,
    debugPolicy: policy,
  });
  const wrapped = sample("info-16.txt").replace(policy, `Ok(${policy})`);
  expect(parseVmInfo(wrapped).debugPolicy).toBe(`Ok(${policy})`);
});

test("Android 13", () => {
  expect(parseVmInfo(sample("info-13.txt"))).toEqual({
    protectedVm: false,
    nonProtectedVm: true,
    hypervisorVersion: undefined,
    kvmExists: true,
    supportedOsList: undefined,
    debugPolicy: undefined,
  });
});

test.each([
  ["VMs are not supported.", false, false],
  ["Only protected VMs are supported.", true, false],
  ["Only non-protected VMs are supported.", false, true],
  ["Both protected and unprotected VMs are supported.", true, true],
])("%s", (line, protectedVm, nonProtectedVm) => {
  expect(parseVmInfo(`${line}\n/dev/kvm does not exist.\n`)).toMatchObject({
    protectedVm,
    nonProtectedVm,
    kvmExists: false,
  });
});

test.each([
  "",
  "Hypervisor version: x",
  "VMs are supported.",
  "Only non-protected VMs are supported.\nAvailable OS list: microdroid",
])("%j is an error that quotes it", (text) => {
  expect(() => parseVmInfo(text)).toThrow(JSON.stringify(text));
});
