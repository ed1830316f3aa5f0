/**
 * @avf-requires emulated vmm=crosvm
 */
import { expect, STOP_REASONS, test } from "jest-avf";

const CROSVM = "/apex/com.android.virt/bin/crosvm";

test("a VM is a crosvm process, and its control socket ends it in an orderly way", async ({ device, runningVm }) => {
  const stopped = new Promise<number>((resolve) => {
    runningVm.setCallback({ onStopped: (_vm, reason) => resolve(reason) });
  });
  const processes = (await device.exec(["ps", "-A", "-o", "ARGS"])).stdout;
  expect(processes).toMatch(/^\S*crosvm .*run --disable-sandbox (--cid |--vsock cid=)\d+/m);
  expect(processes).not.toContain("qemu-system");
  const socket = `/data/misc/virtualizationservice/${await runningVm.getCid()}/crosvm.sock`;
  // It was observed that a request right after the start was accepted, but the guest continued.
  await expect(runningVm).toPrint(/microdroid_manager\[1\]: started/);
  // The socket belongs to root, like the service.
  await device.exec(["/system/xbin/su", "0", CROSVM, "stop", socket]);
  await expect(runningVm).toReachStatus("STOPPED");
  expect(await stopped).toBe(STOP_REASONS.SHUTDOWN);
});
