import { describe, expect, test } from "@jest/globals";
import { APK, memoryContext } from "../../virtualmachine/testing/memory-service.js";
import { VirtualMachineConfig, VirtualMachineManager } from "../../virtualmachine/index.js";
import { guardService } from "./guarded-service.js";
import { notingService } from "./noting-service.js";

const FOLDER = "/data/avf/com.example/vm/vm1";

describe("the service of a test that is over", () => {
  test("makes and starts nothing, and still reads and clears away", async () => {
    const over = new AbortController();
    const { context, service } = memoryContext();
    const guarded = guardService(service, () => over.signal);
    const manager = VirtualMachineManager.getInstance({ ...context, service: guarded });
    const config = new VirtualMachineConfig.Builder(context)
      .setPayloadBinaryName("payload.so")
      .setProtectedVm(false)
      .build();
    const vm = await manager.create("vm1", config);
    await vm.run();
    await vm.stop();
    over.abort(new Error("test over"));
    await expect(guarded.files.claimFolder("/data/other", "mark")).rejects.toThrow("test over");
    await expect(guarded.prepareRun("/data/run")).rejects.toThrow("test over");
    await expect(vm.run()).rejects.toThrow("test over");
    expect(service.vms).toHaveLength(1);
    expect(String(await guarded.files.read(APK))).toBe("apk");
    expect(await guarded.listVms()).toEqual([]);
    await manager.delete("vm1");
    expect(await guarded.files.exists(FOLDER)).toBe(false);
  });

  test("hands the signal of the test to a start, beside the caller's own", async () => {
    const [ofTest, own] = [new AbortController(), new AbortController()];
    const given: (AbortSignal | undefined)[] = [];
    const { service } = memoryContext();
    service.startVm = (_config, _listener, signal) => {
      given.push(signal);
      return Promise.reject(new Error("no VM"));
    };
    const guarded = guardService(service, () => ofTest.signal);
    await expect(guarded.startVm({} as never, () => undefined, own.signal)).rejects.toThrow("no VM");
    expect(given.map((signal) => signal?.aborted)).toEqual([false]);
    ofTest.abort(new Error("test over"));
    expect(given[0]?.reason).toEqual(new Error("test over"));
  });
});

test("on a device of others a folder is noted before it is made, and until it is gone", async () => {
  const { service } = memoryContext();
  await service.files.ensureFolder("/data");
  const steps: string[] = [];
  const is = async (path: string): Promise<string> => ((await service.files.exists(path)) ? "there" : "not there");
  const notes = {
    coming: (path: string, mark: string) => void steps.push(`coming ${path} ${mark}`),
    made: async (path: string, mark: string) => void steps.push(`made ${path} ${mark}, ${await is(path)}`),
    notMade: (path: string, mark: string) => void steps.push(`not made ${path} ${mark}`),
    gone: (path: string) => void steps.push(`gone ${path}`),
  };
  const noteMade = (path: string): void => void steps.push(`note ${path}`);
  const noting = notingService(service, { noteMade }, { notes });
  expect(await noting.files.claimFolder("/data/vm1", "m1")).toBe(true);
  expect(await noting.files.claimFolder("/data/vm1", "m2")).toBe(false);
  await noting.files.remove("/data/vm1");
  expect(await noting.files.claimFolder("/data/vm2", "m3")).toBe(true);
  await noting.files.undoClaim("/data/vm2", "m3");
  expect(steps).toEqual([
    ...["coming /data/vm1 m1", "note /data/vm1", "made /data/vm1 m1, there"],
    ...["coming /data/vm1 m2", "not made /data/vm1 m2"],
    "gone /data/vm1",
    ...["coming /data/vm2 m3", "note /data/vm2", "made /data/vm2 m3, there"],
    "not made /data/vm2 m3",
  ]);
  expect([await is("/data/vm1"), await is("/data/vm2")]).toEqual(["not there", "not there"]);
  // All else is the service's own.
  service.features.add("com.android.kvm.REMOTE_ATTESTATION");
  expect(await noting.isFeatureEnabled("com.android.kvm.REMOTE_ATTESTATION")).toBe(true);
});
