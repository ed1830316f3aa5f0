import { expect, jest, test } from "@jest/globals";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../base/testing/until.js";
import { HostDevice } from "../device/testing/host-device.js";
import { VirtualMachineConfig, VirtualMachineManager } from "../virtualmachine/index.js";
import { memoryContext } from "../virtualmachine/testing/memory-service.js";
import type { DeviceSession } from "./device-session.js";
import { openHarness, vmContextOf } from "./harness.js";

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

test("images go to the device while it is asked what it can do; what it cannot takes them away again", async () => {
  const root = mkdtempSync(join(tmpdir(), "avf-harness-"));
  try {
    const device = new HostDevice({ root });
    const { service } = memoryContext();
    const images = join(root, "data/local/tmp/avf/images");
    service.capabilities = async () => {
      await until("the image to be there", () => existsSync(images) && readdirSync(images).length > 0);
      throw new Error("no VMs here");
    };
    const session = { device, service, keepBetweenFiles: true } as unknown as DeviceSession;
    const opening = openHarness(session, { provision: { root }, images: [Buffer.from("kernel")] });
    await expect(opening).rejects.toThrow("no VMs here");
    expect(readdirSync(root, { recursive: true }).filter((path) => String(path).includes("avf"))).toEqual([]);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});
