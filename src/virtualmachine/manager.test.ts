import { describe, expect, test } from "@jest/globals";
import { InfrastructureError } from "../base/errors.js";
import { VirtualMachineConfig } from "./config/config.js";
import { FEATURE_LLPVM_CHANGES } from "./constants.js";
import { createVmContext } from "./context.js";
import { VirtualMachineManager } from "./manager.js";
import { MemoryService, toolWithout } from "./testing/memory-service.js";
import { builder, filesOf, ROOT, setUp, strangerTo } from "./testing/manager-setup.js";
import { outcomeOf } from "./testing/outcome.js";
import type { VirtualMachineConfigBuilder } from "./config/config.js";

test("a VM's life, step by step", async () => {
  const { manager, config, service } = setUp();
  const vm = await manager.create("vm1", config);
  expect(await vm.getStatus()).toBe("STOPPED");
  expect(await outcomeOf(() => vm.connectVsock(5678))).toMatch("not in running state");

  await vm.run();
  expect(await vm.getStatus()).toBe("RUNNING");
  expect(await outcomeOf(() => vm.run())).toMatch("not in stopped state");
  expect(await outcomeOf(() => vm.delete())).toMatch("not in stopped state");
  expect(await outcomeOf(() => vm.setConfig(config))).toMatch("not in stopped state");
  expect(await outcomeOf(() => vm.toDescriptor())).toMatch("not in stopped state");

  await vm.stop();
  expect(await outcomeOf(() => vm.connectVsock(5678))).toMatch("not in running state");
  await vm.run();
  expect(await vm.getCid()).toBe(2049);
  await vm.stop();

  await manager.delete("vm1");
  expect(await vm.getStatus()).toBe("DELETED");
  for (const call of [vm.run(), vm.setConfig(config), vm.toDescriptor(), vm.connectVsock(5678), vm.delete()]) {
    expect(await outcomeOf(() => call)).toMatch("deleted");
  }
  expect(await outcomeOf(() => manager.delete("vm1"))).toMatch(/^VM_NOT_FOUND: /);
  expect([...service.files.entries.keys()].filter((path) => path.startsWith(ROOT))).toEqual([]);
});

describe("getInstance", () => {
  test("gives one manager a context", () => {
    const { context, manager } = setUp();
    expect(VirtualMachineManager.getInstance(context)).toBe(manager);
    expect(VirtualMachineManager.getInstance({ ...context })).not.toBe(manager);
  });

  test("refuses null", async () => {
    const call = (): unknown => VirtualMachineManager.getInstance(null as never);
    expect(await outcomeOf(call)).toBe("NULL_ARGUMENT: context must not be null");
  });
});

const NO_OPTION = (call: string): string => `${call}, for which the \`vm run-app\` of a device has no option, is`;

describe("create", () => {
  test("leaves config and instance image, and nothing else", async () => {
    const { manager, config, service } = setUp();
    const vm = await manager.create("vm1", config);
    expect(filesOf(service)).toEqual(["config.xml", "instance.img"]);
    expect(String(await service.files.read(`${ROOT}/instance.img`))).toBe("instance 10485760");
    expect(vm.getConfig()).toBe(config);
    expect(vm.transitions).toMatchObject([{ status: "STOPPED", previous: undefined, cause: { kind: "created" } }]);
  });

  test("adds instance id and storage where they belong", async () => {
    const { manager, context, service } = setUp();
    service.features.add(FEATURE_LLPVM_CHANGES);
    await manager.create("vm1", builder(context).setEncryptedStorageBytes(4_000_000).build());
    expect(filesOf(service)).toEqual(["config.xml", "instance.img", "instance_id", "storage.img"]);
    expect((await service.files.read(`${ROOT}/instance_id`))?.length).toBe(64);
    expect(String(await service.files.read(`${ROOT}/storage.img`))).toBe("encryptedstore 4000000");
  });

  test("refuses a name that is in use, also by another manager", async () => {
    const setup = setUp();
    await setup.manager.create("vm1", setup.config);
    const before = filesOf(setup.service);
    for (const manager of [setup.manager, strangerTo(setup)]) {
      const outcome = await outcomeOf(() => manager.create("vm1", setup.config));
      expect(outcome).toBe("VM_EXISTS: virtual machine already exists");
    }
    expect(filesOf(setup.service)).toEqual(before);
  });

  test("of many at once, one gets the name", async () => {
    const setup = setUp();
    const managers = [setup.manager, strangerTo(setup), strangerTo(setup)];
    const outcomes = await Promise.all(
      managers.map((manager) => outcomeOf(async () => void (await manager.create("vm1", setup.config)))),
    );
    expect(outcomes.filter((outcome) => outcome === "ok")).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome.startsWith("VM_EXISTS"))).toHaveLength(2);
  });

  test("two at once, of different names and managers, go one after the other", async () => {
    const setup = setUp();
    await Promise.all([setup.manager.create("vm1", setup.config), strangerTo(setup).create("vm2", setup.config)]);
    const names = setup.service.files.calls.map((call) => /vm\/(vm\d)/.exec(call)?.[1]).filter(Boolean);
    expect(names).toEqual([...names].sort());
    expect(new Set(names).size).toBe(2);
  });

  test.each(["..", "../foo", "", "a/b"])("refuses the name %j before it touches the device", async (name) => {
    const { manager, config, service } = setUp();
    expect(await outcomeOf(() => manager.create(name, config))).toBe(`ILLEGAL_ARGUMENT: Invalid VM name: ${name}`);
    expect(await outcomeOf(() => manager.get(name))).toBe(`ILLEGAL_ARGUMENT: Invalid VM name: ${name}`);
    expect(await outcomeOf(() => manager.delete(name))).toBe(`ILLEGAL_ARGUMENT: Invalid VM name: ${name}`);
    expect(service.files.calls).toEqual([]);
  });

  test("refuses a missing config", async () => {
    const { manager } = setUp();
    expect(await outcomeOf(() => manager.create("vm1", null as never))).toBe("NULL_ARGUMENT: config must not be null");
  });

  test.each<[string, Partial<MemoryService["answers"]>, (b: VirtualMachineConfigBuilder) => unknown]>([
    ["Protected VMs are", { protectedVm: false }, (b) => b.setProtectedVm(true)],
    ["Non-protected VMs are", { nonProtectedVm: false }, (b) => b],
    ["Encrypted storage is", { encryptedStorage: false }, (b) => b.setEncryptedStorageBytes(1)],
    ['The guest OS "gki" is', {}, (b) => b.setOs("gki")],
    ['The guest OS "gki" is', { supportedOsList: ["gki"], tool: toolWithout("--os") }, (b) => b.setOs("gki")],
    ["Console input is", { tool: toolWithout("--console-in") }, (b) => b.setVmConsoleInputSupported(true)],
    ["Network in a VM is", { tool: toolWithout("--network-supported") }, (b) => b.setNetworkSupported(true)],
    ["Huge pages are", { tool: toolWithout("--hugepages") }, (b) => b.setShouldUseHugepages(true)],
    ["A vendor disk image is", { tool: toolWithout("--vendor") }, (b) => b.setVendorDiskImage("/v.img")],
    [NO_OPTION("setShouldRamdump(false)"), {}, (b) => b.setShouldRamdump(false)],
    [NO_OPTION("setEncryptedStoreMode(1)"), {}, (b) => b.setEncryptedStoreMode(1)],
  ])("refuses what the device lacks before it makes anything: %s", async (what, answers, change) => {
    const { manager, context, service } = setUp();
    service.answers = answers;
    const b = builder(context);
    change(b);
    const outcome = await outcomeOf(() => manager.create("vm1", b.build()));
    expect(outcome).toMatch(`UNSUPPORTED_OPERATION: ${what} not supported on this device.`);
    expect(service.files.calls).toEqual([]);
  });

  test("a payload binary needs a tool that takes one: since Android 14", async () => {
    const { manager, context, service } = setUp();
    service.answers = { tool: toolWithout("--payload-binary-name") };
    const config = new VirtualMachineConfig.Builder(context).setPayloadBinaryName("a.so").setProtectedVm(false).build();
    const refusal = "UNSUPPORTED_OPERATION: A payload binary, instead of a config file in the APK, is not supported";
    expect(await outcomeOf(() => manager.create("vm1", config))).toMatch(refusal);
  });

  test("a tool that demands an instance id gets one, whatever features the service names", async () => {
    const { manager, context, service } = setUp();
    service.answers = { tool: { ...toolWithout(), required: new Set(["--instance-id-file"]) } };
    const vm = await manager.create("vm1", builder(context).build());
    expect(await service.files.exists(`${vm.getRootDir()}/instance_id`)).toBe(true);
  });

  test("a context that knows its device refuses already in the builder", async () => {
    const { context, service } = setUp();
    service.answers = { protectedVm: false };
    const informed = await createVmContext(context);
    expect(await outcomeOf(() => builder(informed).setProtectedVm(true))).toMatch(/^UNSUPPORTED_OPERATION: /);
  });
});

describe("get", () => {
  test("is null when there is none", async () => {
    expect(await setUp().manager.get("vm1")).toBeNull();
  });

  test("gives the same object while it is alive, and a new one after delete and create", async () => {
    const { manager, config } = setUp();
    const vm = await manager.create("vm1", config);
    expect(await manager.get("vm1")).toBe(vm);
    expect(await manager.getOrCreate("vm1", config)).toBe(vm);
    await manager.delete("vm1");
    expect(await manager.get("vm1")).toBeNull();
    const next = await manager.create("vm1", config);
    expect(next).not.toBe(vm);
    expect([await vm.getStatus(), await next.getStatus()]).toEqual(["DELETED", "STOPPED"]);
    expect(await manager.get("vm1")).toBe(next);
  });

  test("many at once give one object", async () => {
    const setup = setUp();
    await setup.manager.create("vm1", setup.config);
    const stranger = strangerTo(setup);
    const found = await Promise.all([
      stranger.get("vm1"),
      stranger.get("vm1"),
      stranger.getOrCreate("vm1", setup.config),
    ]);
    expect(new Set(found).size).toBe(1);
  });

  test("loads what another process made", async () => {
    const setup = setUp();
    await setup.manager.create("vm1", setup.config);
    const vm = await strangerTo(setup).get("vm1");
    expect(vm?.getConfig().fields).toEqual(setup.config.fields);
    expect(vm?.transitions).toMatchObject([{ cause: { kind: "loaded" } }]);
    await vm?.run();
    expect(await vm?.getCid()).toBe(2048);
  });

  test("is null once the files are gone, and the object is DELETED", async () => {
    const { manager, config, service } = setUp();
    const vm = await manager.create("vm1", config);
    await service.files.remove(ROOT);
    expect(await manager.get("vm1")).toBeNull();
    expect(vm.status).toBe("DELETED");
  });

  test.each<[string, string]>([
    ["config.xml", "CONFIG_UNREADABLE: Failed to read VM config from file"],
    ["instance_id", "INSTANCE_ID_MISSING: instance_id file missing"],
    ["instance.img", "INSTANCE_IMAGE_MISSING: instance image missing"],
    ["storage.img", "STORAGE_IMAGE_MISSING: Storage image missing"],
  ])("refuses a VM without its %s, which can still be deleted", async (file, failure) => {
    const setup = setUp();
    setup.service.features.add(FEATURE_LLPVM_CHANGES);
    await setup.manager.create("vm1", builder(setup.context).setEncryptedStorageBytes(1).build());
    await setup.service.files.remove(`${ROOT}/${file}`);
    const stranger = strangerTo(setup);
    expect(await outcomeOf(() => stranger.get("vm1"))).toBe(failure);
    await stranger.delete("vm1");
    expect(await stranger.get("vm1")).toBeNull();
  });

  test.each(["read", "list"] as const)("is null when another process deletes it before our %s", async (operation) => {
    const setup = setUp();
    await setup.manager.create("vm1", setup.config);
    const { files } = setup.service;
    files[operation] = async (path: string): Promise<never> => {
      await files.remove(ROOT);
      throw new InfrastructureError("DEVICE_FILE", `${path}: No such file or directory`);
    };
    expect(await strangerTo(setup).get("vm1")).toBeNull();
  });

  test("refuses a damaged config", async () => {
    const setup = setUp();
    await setup.manager.create("vm1", setup.config);
    await setup.service.files.write(`${ROOT}/config.xml`, "<bundle>\n</bundle>\n");
    const stranger = strangerTo(setup);
    expect(await outcomeOf(() => stranger.get("vm1"))).toBe("CONFIG_INVALID: Persisted VM config is invalid");
  });
});

describe("getOrCreate", () => {
  test("makes what is not there, and leaves the config of what is", async () => {
    const { manager, config, context } = setUp();
    const vm = await manager.getOrCreate("vm1", config);
    const other = new VirtualMachineConfig.Builder(context, "assets/other.json").build();
    expect(await manager.getOrCreate("vm1", other)).toBe(vm);
    expect(vm.getConfig()).toBe(config);
  });
});

describe("delete", () => {
  test("refuses a running VM, and removes a stranger's unseen", async () => {
    const setup = setUp();
    const vm = await setup.manager.create("vm1", setup.config);
    await vm.run();
    const refusal = "VM_NOT_STOPPED: VM is not in stopped state";
    expect(await outcomeOf(() => setup.manager.delete("vm1"))).toBe(refusal);
    await strangerTo(setup).delete("vm1");
    expect(vm.status).toBe("RUNNING");
    await vm.stop();
    expect(await vm.getStatus()).toBe("DELETED");
  });

  test("marks the object even if removing the files fails", async () => {
    const { manager, config, service } = setUp();
    const vm = await manager.create("vm1", config);
    service.files.failOnce("remove", /vm1$/, new Error("rm: Read-only file system"));
    expect(await outcomeOf(() => manager.delete("vm1"))).toBe("DELETE_FAILED: failed to delete VM");
    expect(await vm.getStatus()).toBe("DELETED");
    await manager.delete("vm1");
    expect(await manager.get("vm1")).toBeNull();
  });
});

describe("what a manager reports about its device and its VMs", () => {
  test.each([
    [true, true, 3],
    [true, false, 1],
    [false, true, 2],
    [false, false, 0],
  ])("capabilities: protected %s, non-protected %s", async (protectedVm, nonProtectedVm, mask) => {
    const { manager, service } = setUp();
    service.answers = { protectedVm, nonProtectedVm };
    expect(await manager.getCapabilities()).toBe(mask);
  });

  test("guest systems and features", async () => {
    const { manager, service } = setUp();
    service.answers = { supportedOsList: ["microdroid", "microdroid_gki-6.1"] };
    service.features.add(VirtualMachineManager.FEATURE_NETWORK);
    expect(await manager.getSupportedOSList()).toEqual(["microdroid", "microdroid_gki-6.1"]);
    expect(await manager.isFeatureEnabled("com.android.kvm.NETWORK")).toBe(true);
    expect(await manager.isFeatureEnabled("com.android.kvm.MULTI_TENANT")).toBe(false);
  });

  test("names on the device, objects alive, and each new object", async () => {
    const setup = setUp();
    const seen: string[] = [];
    const unsubscribe = setup.manager.subscribe((vm) => seen.push(vm.getName()));
    expect(await setup.manager.list()).toEqual([]);
    const vm = await setup.manager.create("vm1", setup.config);
    await strangerTo(setup).create("vm2", setup.config);
    await setup.manager.get("vm2");
    await setup.manager.get("vm1");
    unsubscribe();
    await setup.manager.create("vm3", setup.config);
    expect(seen).toEqual(["vm1", "vm2"]);
    expect(await setup.manager.list()).toEqual(["vm1", "vm2", "vm3"]);
    expect(setup.manager.liveMachines()).toContain(vm);
  });
});
