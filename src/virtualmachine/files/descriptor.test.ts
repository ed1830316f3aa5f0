import { describe, expect, test } from "@jest/globals";
import { VirtualMachineConfig } from "../config/config.js";
import { FEATURE_LLPVM_CHANGES } from "../constants.js";
import { VirtualMachineDescriptor } from "./descriptor.js";
import { VirtualMachineManager } from "../manager.js";
import { memoryContext } from "../testing/memory-service.js";
import { outcomeOf } from "../testing/outcome.js";
import type { VirtualMachine } from "../machine.js";
import type { MemoryService } from "../testing/memory-service.js";

const VMS = "/data/avf/com.example/vm";
const CLOSED = "ILLEGAL_STATE: Descriptor has been closed";

interface Setup {
  readonly manager: VirtualMachineManager;
  readonly vm: VirtualMachine;
  readonly service: MemoryService;
}

async function setUp(): Promise<Setup> {
  const { context, service } = memoryContext();
  service.features.add(FEATURE_LLPVM_CHANGES);
  const manager = VirtualMachineManager.getInstance(context);
  const config = new VirtualMachineConfig.Builder(context, "assets/c.json").setEncryptedStorageBytes(7).build();
  return { manager, service, vm: await manager.create("vm1", config) };
}

const IDENTITY = ["config.xml", "instance.img", "instance_id", "storage.img"];

async function contents(service: MemoryService, name: string): Promise<readonly (string | undefined)[]> {
  const read = await Promise.all(IDENTITY.map((file) => service.files.read(`${VMS}/${name}/${file}`)));
  return read.map((bytes) => bytes?.toString("base64"));
}

describe("importFromDescriptor", () => {
  test("makes a VM with the same config, instance, storage and id", async () => {
    const { manager, vm, service } = await setUp();
    await service.files.write(`${VMS}/vm1/storage.img`, "what the guest wrote");
    const copy = await manager.importFromDescriptor("vm2", await vm.toDescriptor());
    expect(await contents(service, "vm2")).toEqual(await contents(service, "vm1"));
    expect(copy.getConfig().fields).toEqual(vm.getConfig().fields);
    expect(copy.transitions).toMatchObject([{ cause: { kind: "imported" } }]);
    expect(await manager.get("vm2")).toBe(copy);
    await copy.run();
    expect([copy.status, vm.status]).toEqual(["RUNNING", "STOPPED"]);
  });

  test("takes the data as it is at import", async () => {
    const { manager, vm, service } = await setUp();
    const descriptor = await vm.toDescriptor();
    await service.files.write(`${VMS}/vm1/instance.img`, "written by a run in between");
    await manager.importFromDescriptor("vm2", descriptor);
    expect(String(await service.files.read(`${VMS}/vm2/instance.img`))).toBe("written by a run in between");
  });

  test("has the config of the time when it was made", async () => {
    const { manager, vm, service } = await setUp();
    const descriptor = await vm.toDescriptor();
    const before = vm.getConfig().fields;
    const { context } = vm.control;
    const bigger = new VirtualMachineConfig.Builder(context, "assets/c.json").setEncryptedStorageBytes(7);
    await vm.setConfig(bigger.setMemoryBytes(1 << 28).build());
    await service.files.remove(`${VMS}/vm1/config.xml`);
    const copy = await manager.importFromDescriptor("vm2", descriptor);
    expect(copy.getConfig().fields).toEqual(before);
  });

  test("never takes the files of a later VM of that name", async () => {
    const { manager, vm, service } = await setUp();
    const descriptor = await vm.toDescriptor();
    await service.files.remove(`${VMS}/vm1`);
    await manager.create("vm1", vm.getConfig());
    const failure = "CREATE_FAILED: failed to transfer instance image\nHint: Somebody removed the folder";
    expect(await outcomeOf(() => manager.importFromDescriptor("vm2", descriptor))).toMatch(new RegExp(`^${failure}`));
    expect(service.files.entries.has(`${VMS}/vm2`)).toBe(false);
  });

  test("works through a parcel", async () => {
    const { manager, vm, service } = await setUp();
    const parcel = JSON.parse(JSON.stringify((await vm.toDescriptor()).writeToParcel())) as never;
    await manager.importFromDescriptor("vm2", VirtualMachineDescriptor.fromParcel(parcel));
    expect(await contents(service, "vm2")).toEqual(await contents(service, "vm1"));
  });

  test("works after the source was deleted, and leaves nothing of it", async () => {
    const { manager, vm, service } = await setUp();
    const before = await contents(service, "vm1");
    const descriptor = await vm.toDescriptor();
    await manager.delete("vm1");
    await manager.importFromDescriptor("vm2", descriptor);
    expect(await contents(service, "vm2")).toEqual(before);
    expect([...service.files.entries.keys()].filter((path) => path.includes("/descriptors/"))).toEqual([]);
  });

  test("closes the descriptor", async () => {
    const { manager, vm } = await setUp();
    const descriptor = await vm.toDescriptor();
    await manager.importFromDescriptor("vm2", descriptor);
    expect(await outcomeOf(() => manager.importFromDescriptor("vm3", descriptor))).toBe(CLOSED);
    expect(await outcomeOf(() => descriptor.writeToParcel())).toBe(CLOSED);
  });

  test("leaves it open when the name is taken", async () => {
    const { manager, vm } = await setUp();
    const descriptor = await vm.toDescriptor();
    const taken = await outcomeOf(() => manager.importFromDescriptor("vm1", descriptor));
    expect(taken).toBe("VM_EXISTS: virtual machine already exists");
    expect((await manager.importFromDescriptor("vm2", descriptor)).getName()).toBe("vm2");
  });

  test.each([
    ["instance.img", "CREATE_FAILED: failed to transfer instance image"],
    ["storage.img", "CREATE_FAILED: failed to transfer encryptedstore image"],
    ["instance_id", "CREATE_FAILED: failed to copy instance_id"],
  ])("without %s: undone, and the descriptor closed", async (file, failure) => {
    const { manager, vm, service } = await setUp();
    const descriptor = await vm.toDescriptor();
    await service.files.remove(`${VMS}/vm1/${file}`);
    expect(await outcomeOf(() => manager.importFromDescriptor("vm2", descriptor))).toBe(failure);
    expect(service.files.entries.has(`${VMS}/vm2`)).toBe(false);
    expect(await outcomeOf(() => descriptor.writeToParcel())).toBe(CLOSED);
  });
});

test("close() is repeatable, and disposal is close()", async () => {
  const { vm } = await setUp();
  const descriptor = await vm.toDescriptor();
  await descriptor.close();
  await descriptor.close();
  expect(await outcomeOf(() => descriptor.writeToParcel())).toBe(CLOSED);
  const other = await vm.toDescriptor();
  await other[Symbol.asyncDispose]();
  expect(await outcomeOf(() => other.writeToParcel())).toBe(CLOSED);
});

test("a damaged VM can be deleted while a descriptor of it is open", async () => {
  const { manager, vm, service } = await setUp();
  const descriptor = await vm.toDescriptor();
  await service.files.remove(`${VMS}/vm1/instance.img`);
  await manager.delete("vm1");
  expect(await manager.get("vm1")).toBeNull();
  await descriptor.close();
  expect([...service.files.entries.keys()].filter((path) => path.includes("/descriptors/"))).toEqual([]);
});

test("a taken name counts before a closed descriptor, and a file that is missing before there is one", async () => {
  const { manager, vm, service } = await setUp();
  const descriptor = await vm.toDescriptor();
  await descriptor.close();
  expect(await outcomeOf(() => manager.importFromDescriptor("vm1", descriptor))).toMatch(/^VM_EXISTS: /);
  expect(await outcomeOf(() => manager.importFromDescriptor("vm2", descriptor))).toBe(CLOSED);
  for (const file of [...IDENTITY].reverse()) {
    await service.files.remove(`${VMS}/vm1/${file}`);
    expect(await outcomeOf(() => vm.toDescriptor())).toMatch(/missing/);
  }
});
