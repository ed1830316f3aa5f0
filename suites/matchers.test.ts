/**
 * Matchers over time on running VMs. The parts between blank lines are the examples of docs/matchers.md, word for word:
 * a unit test compares them.
 */
import { beforeAll, describe, expect, moment, test, useAvf, type VirtualMachine } from "jest-avf";

describe("vm1 and vm2", () => {
  let vm1: VirtualMachine;
  let vm2: VirtualMachine;

  beforeAll(async () => {
    const { app, vmm } = useAvf();
    const config = app.vmConfig("assets/vm_config.json").build();
    vm1 = await vmm.create("vm1", config);
    vm2 = await vmm.create("vm2", config);
  });

  test("are started one after the other", async () => {
    const started = moment.status(vm2, "RUNNING");
    const greeting = moment.line(vm1, /Hello Microdroid/);

    await vm2.run();
    await vm1.run();

    await expect(started).toHappenBefore(greeting);
    await expect(moment.stage(vm1, "init")).toHappenBefore(moment.stage(vm1, "payload"), { within: 60_000 });
  });

  test("print what a boot prints, in its order", async () => {
    await expect(vm1).toPrintInOrder([/microdroid_manager.*: started\./, /executing main task/, /Hello Microdroid/]);

    const { groups } = await vm1.waitForConsole(/Hello Microdroid (\S+)/);
    expect(groups[1]).toContain("MicrodroidTestPayload.so");

    await expect(vm1).toPrint("Hello Microdroid", { within: 120_000 }); // after the VM was started
  });

  test("boot in time", async () => {
    await expect(vm1).toBootWithin({ init: 100_000, payload: 110_000, ready: 120_000 });
    await expect(vm2).toBootWithin({ ready: 120_000 });

    for (const { stage, afterMs } of vm1.boot.stages) expect([stage, afterMs]).toEqual([stage, expect.any(Number)]);
    expect(vm1.boot.stages.map(({ stage }) => stage)).toEqual(expect.arrayContaining(["vmm", "init", "payload"]));
  });

  test.requires("emulated")("boot as they did before", async () => {
    await expect(vm1).toMatchBootSnapshot({ only: /microdroid_manager.*(started|executing)/ });
  });

  test("are silent when the other one stops", async () => {
    await expect(vm2).toNeverPrint(/panic|Fatal signal/, { until: moment.stage(vm2, "ready") });

    await expect(vm2).toNeverPrint(/Shutting down/, { during: () => vm1.stop() });
  });

  test("end for a reason", async () => {
    await expect(vm2).not.toDieWith("CRASH"); // by now; with { timeoutMs } for so long

    await expect(vm1).toDieWith("KILLED");
    await expect(vm1).toDieWith(/^(KILLED|SHUTDOWN)$/, { timeoutMs: 10_000 });

    await expect(vm1).toDieWith(expect.stringMatching(/^KILL/));
  });

  test("fail in distinguishable ways", async () => {
    await expect(vm1.stop()).toRejectWithKind("vm", "VM_NOT_RUNNING");
    await expect(() => vm2.connectVsock(0)).toRejectWithKind("usage");

    await expect(vm1.waitForConsole("too late")).toRejectWithCode("VM_DIED");
  });
});
