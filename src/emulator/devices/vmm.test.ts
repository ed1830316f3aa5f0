import { afterEach, expect, test } from "@jest/globals";
import { chosenVmm, requireVmm, monitorFromEnvironment } from "./vmm.js";

const saved = process.env["AVF_CROSVM"];
afterEach(() => {
  if (saved === undefined) delete process.env["AVF_CROSVM"];
  else process.env["AVF_CROSVM"] = saved;
});

test("AVF_MONITOR, formerly AVF_VMM, names one of two, or none", () => {
  expect(monitorFromEnvironment({ AVF_MONITOR: "" })).toBeUndefined();
  expect(monitorFromEnvironment({ AVF_MONITOR: "crosvm", AVF_VMM: "qemu" })).toBe("crosvm");
  expect(monitorFromEnvironment({ AVF_MONITOR: "", AVF_VMM: "crosvm" })).toBe("crosvm");
  expect(() => monitorFromEnvironment({ AVF_MONITOR: "xen" })).toThrow('AVF_MONITOR is "xen"');
  expect(() => monitorFromEnvironment({ AVF_VMM: "xen" })).toThrow('AVF_VMM is "xen"');
});

test("crosvm is used only if there is one", () => {
  delete process.env["AVF_CROSVM"];
  expect(() => requireVmm("crosvm")).toThrow("crosvm was requested");
  requireVmm("qemu");
  process.env["AVF_CROSVM"] = process.execPath;
  requireVmm("crosvm");
});

test("a device without any monitor is an error only if one was requested", () => {
  const answer = { vmm: { name: "qemu", version: "7.2.22" } };
  expect(chosenVmm(answer, undefined)).toEqual(answer.vmm);
  expect(chosenVmm(answer, "qemu")).toEqual(answer.vmm);
  const refusal = { vmmRefusal: "crosvm: /dev/kvm is missing" };
  expect(chosenVmm(refusal, undefined)).toBeUndefined();
  expect(() => chosenVmm(refusal, "crosvm")).toThrow("cannot run on crosvm: crosvm: /dev/kvm is missing");
});
