import { expect, test } from "@jest/globals";
import { ScriptedVmm } from "../testing/scripted-vmm.js";
import type { Vmm } from "./contract.js";
import { selectVmm } from "./select.js";

const named = (name: string, refusal?: string): Vmm => {
  const vmm = new ScriptedVmm();
  return { name, refusal: async () => refusal, version: () => vmm.version(), start: (config) => vmm.start(config) };
};

test("the first that can run, or the wanted one and no other", async () => {
  const [crosvm, qemu] = [named("crosvm"), named("qemu")];
  expect(await selectVmm([crosvm, qemu])).toBe(crosvm);
  expect(await selectVmm([crosvm, qemu], "")).toBe(crosvm);
  expect(await selectVmm([named("crosvm", "does not start"), qemu])).toBe(qemu);
  expect(await selectVmm([crosvm, qemu], "qemu")).toBe(qemu);
  await expect(selectVmm([named("crosvm", "does not start"), qemu], "crosvm")).rejects.toThrow(
    "crosvm: does not start",
  );
  await expect(selectVmm([crosvm, qemu], "xen")).rejects.toThrow('"xen"; known are crosvm, qemu');
});
