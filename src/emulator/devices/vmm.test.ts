import { afterEach, expect, test } from "@jest/globals";
import { InfrastructureError } from "../../base/errors.js";
import { chooseVmm, requireVmm, vmmFromEnvironment } from "./vmm.js";

const saved = process.env["AVF_CROSVM"];
afterEach(() => {
  if (saved === undefined) delete process.env["AVF_CROSVM"];
  else process.env["AVF_CROSVM"] = saved;
});

test("AVF_VMM names one of two, or none", () => {
  expect(vmmFromEnvironment("")).toBeUndefined();
  expect(vmmFromEnvironment("crosvm")).toBe("crosvm");
  expect(() => vmmFromEnvironment("xen")).toThrow('AVF_VMM is "xen"');
});

test("crosvm is wanted only where there is one", () => {
  delete process.env["AVF_CROSVM"];
  expect(() => requireVmm("crosvm")).toThrow("the emulated device has none");
  requireVmm("qemu");
  process.env["AVF_CROSVM"] = process.execPath;
  requireVmm("crosvm");
});

test("a device without any monitor is an error only for who asked for one", async () => {
  const { signal } = new AbortController();
  const asked: unknown[] = [];
  const answering = {
    request: async (request: unknown) => {
      asked.push(request);
      return { name: "qemu", version: "7.2.22" };
    },
  };
  expect(await chooseVmm(answering, undefined, signal)).toEqual({ name: "qemu", version: "7.2.22" });
  await chooseVmm(answering, "qemu", signal);
  expect(asked).toEqual([
    { command: "vmm", prefer: "" },
    { command: "vmm", prefer: "qemu" },
  ]);
  const refusing = {
    request: () => Promise.reject(new InfrastructureError("DEVICE_REFUSED", "crosvm: /dev/kvm is missing")),
  };
  expect(await chooseVmm(refusing, undefined, signal)).toBeUndefined();
  await expect(chooseVmm(refusing, "crosvm", signal)).rejects.toThrow("cannot run on crosvm");
  const silent = { request: () => Promise.reject(new InfrastructureError("TIMEOUT", "no answer")) };
  await expect(chooseVmm(silent, undefined, signal)).rejects.toThrow("no answer");
});
