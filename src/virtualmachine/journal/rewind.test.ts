import { describe, expect, test } from "@jest/globals";
import { VirtualMachineConfig } from "../config/config.js";
import { VirtualMachineManager, type ManagerMoment } from "../manager.js";
import { memoryContext } from "../testing/memory-service.js";
import { moment as momentOf } from "../wait/moment.js";
import type { OutputLine } from "../lines/line-history.js";
import type { VirtualMachine } from "../machine.js";

const { context, service } = memoryContext();
const config = (): VirtualMachineConfig =>
  new VirtualMachineConfig.Builder(context, "assets/vm_config.json").setProtectedVm(false).build();
const lines = (vm: VirtualMachine): readonly string[] => vm.output.lines().map(({ text }) => text);
/** Without what the return itself adds. */
const statuses = (vm: VirtualMachine): readonly string[] =>
  vm.transitions.filter(({ cause }) => cause.kind !== "restored").map(({ status }) => status);

/** As the environment does it, beside what happens to the device. */
async function putBack(vmm: VirtualMachineManager, moment: ManagerMoment): Promise<void> {
  await vmm.leave();
  await vmm.rewind(moment, "cp");
}

describe("a device that is put back", () => {
  test("takes its VMs along: status, CID, output, history, as the same objects", async () => {
    const vmm = VirtualMachineManager.getInstance({ ...context });
    const vm = await vmm.create("vm1", config());
    await vm.run();
    service.vm.print("one\ntw");
    service.vm.ready();
    const { cid } = vm;
    const moment = vmm.moment();

    const first = service.vm;
    first.print("o\nthree\n");
    await vm.stop();
    await vmm.delete("vm1");
    const later = await vmm.create("later", config());
    expect(vm.status).toBe("DELETED");
    expect(lines(vm)).toEqual(["one", "two", "three"]);

    // Its files come back with the device.
    service.files.entries.set(vm.getRootDir(), Buffer.alloc(0));
    await putBack(vmm, moment);
    expect(vm.status).toBe("RUNNING");
    expect(vm.cid).toBe(cid);
    expect(lines(vm)).toEqual(["one"]);
    expect(vm.output.pending("console")).toBe("tw");
    expect(statuses(vm)).toEqual(["STOPPED", "RUNNING"]);
    expect(vm.transitions.at(-1)).toMatchObject({
      status: "RUNNING",
      cause: { kind: "restored", checkpoint: "cp", cid: await vm.getCid() },
    });
    expect(await vmm.get("vm1")).toBe(vm);
    expect(later.status).toBe("DELETED");

    expect(service.vm.followed).toBe(false);
    vmm.follow();
    expect(service.vm.followed).toBe(true);
    first.print("nobody hears the past\n");
    service.vm.print("ice\n");
    expect(lines(vm)).toEqual(["one", "twice"]);
    expect((await vm.waitFor("ready")).kind).toBe("ready");
    await vm.stop();
    expect(statuses(vm)).toEqual(["STOPPED", "RUNNING", "STOPPED"]);
  });

  test("and a wait that fails says so, for that run", async () => {
    const vmm = VirtualMachineManager.getInstance({ ...context });
    const vm = await vmm.create("waiting", config());
    await vm.run();
    await putBack(vmm, vmm.moment());
    const failure = (): Promise<unknown> => vm.waitForConsole("never", { timeoutMs: 1 }).catch(String);
    expect(await failure()).toMatch(/Restored to "cp" \d+\.\d\d s after its start\./);
    await vm.stop();
    await vm.run();
    expect(await failure()).not.toContain("Restored");
  });

  test("as often as wanted, and each time from the same moment", async () => {
    const vmm = VirtualMachineManager.getInstance({ ...context });
    const vm = await vmm.create("vm2", config());
    await vm.run();
    const moment = vmm.moment();
    for (const text of ["a", "b", "c"]) {
      await putBack(vmm, moment);
      service.vm.print(`${text}\n`);
      expect(lines(vm)).toEqual([text]);
    }
    expect(vm.transitions.filter(({ cause }) => cause.kind === "restored")).toHaveLength(1);
  });

  test("keeps lines of before and after apart: sequences, moments and consoleLines", async () => {
    const vmm = VirtualMachineManager.getInstance({ ...context });
    const vm = await vmm.create("apart", config());
    await vm.run();
    service.vm.print("kept\n");
    const checkpoint = vmm.moment();
    const reader = vm.consoleLines();
    const next = async (): Promise<unknown> => (await reader.next()).value;
    const undone = momentOf.line(vm, "undone");
    const again = momentOf.line(vm, "again");
    service.vm.print("undone 1\nundone 2\nagain\n");
    expect([await next(), await next()]).toEqual(["kept", "undone 1"]);
    const first = again.find();
    expect([undone.find()?.evidence, first?.evidence]).toEqual([expect.stringContaining("undone 1"), "again"]);
    const numbers = vm.output.lines().map(({ sequence }) => sequence);

    await putBack(vmm, checkpoint);
    vmm.follow();
    expect([undone.find(), again.find()]).toEqual([undefined, undefined]);
    service.vm.print("new\nagain\n");
    expect(lines(vm)).toEqual(["kept", "new", "again"]);
    const isNew = ({ text }: OutputLine): boolean => text !== "kept";
    for (const { sequence } of vm.output.lines().filter(isNew)) expect(numbers).not.toContain(sequence);
    expect(undone.find()).toBeUndefined();
    expect(again.find()).toMatchObject({ evidence: "again", sequence: vm.output.lines().at(-1)?.sequence });
    expect([await next(), await next()]).toEqual(["new", "again"]);
    await vm.stop();
    expect(await reader.next()).toEqual({ done: true, value: undefined });
  });

  test("ends consoleLines of a run that has not happened there, also when there is another of that number", async () => {
    const vmm = VirtualMachineManager.getInstance({ ...context });
    const vm = await vmm.create("undone", config());
    const stopped = vmm.moment();
    await vm.run();
    const [asleep, slow] = [vm.consoleLines(), vm.consoleLines()];
    service.vm.print("undone\n");
    expect([(await asleep.next()).value, (await slow.next()).value]).toEqual(["undone", "undone"]);
    const end = asleep.next();
    await putBack(vmm, stopped);
    expect(await end).toEqual({ done: true, value: undefined });
    await vm.run();
    service.vm.print("another run\n");
    expect(await slow.next()).toEqual({ done: true, value: undefined });
    await vm.stop();
  });

  test("in another process: from plain data and the files on the device", async () => {
    const vmm = VirtualMachineManager.getInstance({ ...context });
    const before = await vmm.create("vm3", config());
    await before.run();
    service.vm.print("said before\nhalf");
    const past = JSON.parse(JSON.stringify(vmm.moment().past)) as ManagerMoment["past"];

    const other = VirtualMachineManager.getInstance({ ...context });
    const made: string[] = [];
    other.subscribe((vm) => made.push(`${vm.getName()} ${vm.transitions[0]?.cause.kind}`));
    await putBack(other, { past, objects: new Map() });
    const vm = await other.get("vm3");
    expect(vm).not.toBe(before);
    expect(made).toEqual(["vm3 created"]);
    expect(vm?.cid).toBe(before.cid);
    service.vm.print(" a line\n");
    expect(vm && lines(vm)).toEqual(["said before", "half a line"]);
  });

  test("a VM that had not run is stopped again; a call that hung on the old device holds up nothing", async () => {
    const vmm = VirtualMachineManager.getInstance({ ...context });
    const vm = await vmm.create("vm4", config());
    const moment = vmm.moment();
    await vm.run();
    service.vm.stop = () => new Promise(() => undefined);
    void vm.stop().catch(() => undefined);
    await putBack(vmm, moment);
    expect(vm.status).toBe("STOPPED");
    await vm.run();
    expect(vm.status).toBe("RUNNING");
    await vm.stop();
  });
});
