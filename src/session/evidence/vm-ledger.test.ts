import { beforeEach, describe, expect, test } from "@jest/globals";
import { VirtualMachineConfig, VirtualMachineManager } from "../../virtualmachine/index.js";
import { memoryContext, type MemoryService } from "../../virtualmachine/testing/memory-service.js";
import { removeVms, VmLedger } from "./vm-ledger.js";

let service: MemoryService;
let manager: VirtualMachineManager;
let config: VirtualMachineConfig;
let ledger: VmLedger;

beforeEach(() => {
  const made = memoryContext();
  service = made.service;
  manager = VirtualMachineManager.getInstance(made.context);
  config = new VirtualMachineConfig.Builder(made.context, "assets/vm_config.json").build();
  ledger = new VmLedger(undefined);
  ledger.watch(manager, "/data/app");
});

const names = (entries: ReturnType<VmLedger["entries"]>): readonly string[] => entries.map(({ vm }) => vm.getName());

describe("the ledger of VMs", () => {
  test("distinguishes a test's VMs from those of the file", async () => {
    await manager.create("shared", config);
    ledger.openTest();
    await manager.create("vm1", config);
    expect(names(ledger.entries())).toEqual(["shared", "vm1"]);
    expect(names(ledger.closeTest())).toEqual(["vm1"]);
    await manager.create("late", config);
    expect(names(ledger.closeFile())).toEqual(["shared", "late"]);
    await manager.create("later", config);
    expect(ledger.entries()).toEqual([]);
  });

  test("what was made is stopped and deleted, what was there before only stopped", async () => {
    const { context } = memoryContext({ service });
    const before = VirtualMachineManager.getInstance({ ...context });
    await before.create("old", config);
    const old = await manager.get("old");
    const made = await manager.create("new", config);
    await Promise.all([old?.run(), made.run()]);
    expect(await removeVms(ledger.closeFile(), 5_000)).toEqual([]);
    expect(service.vms.map((vm) => vm.state())).toEqual(["DEAD", "DEAD"]);
    expect(await manager.list()).toEqual(["old"]);
  });

  test("one whose files were already removed counts as gone", async () => {
    const vm = await manager.create("vm1", config);
    await service.files.remove(vm.getRootDir());
    expect(await removeVms(ledger.closeFile(), 5_000)).toEqual([]);
    expect(vm.status).toBe("DELETED");
  });

  test("one that cannot be removed is reported, and the others are still removed", async () => {
    await manager.create("bad", config);
    await manager.create("good", config);
    service.files.failOnce("remove", /bad/, new Error("read-only file system"));
    const errors = await removeVms(ledger.closeFile(), 5_000);
    expect(errors).toHaveLength(1);
    expect(String(errors[0])).toContain("bad");
    expect(await manager.list()).toEqual(["bad"]);
  });
});
