import { expect, jest, test } from "@jest/globals";
import { HostDevice } from "../device/testing/host-device.js";
import { VirtualMachineConfig, VirtualMachineManager } from "../virtualmachine/index.js";
import { memoryContext } from "../virtualmachine/testing/memory-service.js";
import { vmContextOf } from "./harness.js";

test("what fails beside a VM's work is printed on stderr", async () => {
  const { context, service } = memoryContext();
  const app = { ...context, idsigPath: "/data/local/tmp/virt/App.apk.idsig", installed: true };
  const ours = await vmContextOf(app, { device: new HostDevice(), slowness: 1 }, service);
  const config = new VirtualMachineConfig.Builder(ours)
    .setPayloadBinaryName("payload.so")
    .setProtectedVm(false)
    .build();
  const vm = await VirtualMachineManager.getInstance(ours).create("vm1", config);
  vm.setCallback({
    onPayloadStarted: () => {
      throw new Error("boom");
    },
  });
  const stderr = jest.spyOn(process.stderr, "write").mockReturnValue(true);
  await vm.run();
  service.vm.started();
  const said = stderr.mock.calls.map(([chunk]) => String(chunk));
  stderr.mockRestore();
  await vm.stop();
  expect(said).toContain('avf: a listener of VM "vm1" threw: boom\n');
});
