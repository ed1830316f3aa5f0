import { expect, test } from "@jest/globals";
import { VirtualMachineManager } from "../../virtualmachine/index.js";
import { memoryContext } from "../../virtualmachine/testing/memory-service.js";
import type { App } from "../app.js";
import { makeCustomVm } from "./make-custom-vm.js";

const kernel = { onDevice: "/data/local/tmp/kernel" };

test("two without a name: the second is told where the name came from", async () => {
  const { context } = memoryContext();
  const owner = { context, vmm: VirtualMachineManager.getInstance(context) } as unknown as App;
  const sources = { owner, images: { put: () => Promise.reject(new Error("nothing to put")) }, root: "/" };
  expect((await makeCustomVm(sources, { kernel })).getName()).toBe("vm1");
  await expect(makeCustomVm(sources, { kernel })).rejects.toMatchObject({
    ...{ code: "VM_EXISTS", kind: "usage", shortMessage: "virtual machine already exists" },
    hint: expect.stringContaining('without a name makes "vm1"'),
  });
  // Who has given it knows.
  await expect(makeCustomVm(sources, { kernel, name: "vm1" })).rejects.toMatchObject({
    ...{ code: "VM_EXISTS", hint: undefined },
  });
});
