/** Suites whose waits end in each of the ways there are; unit tests run them as children and read what they say. */
import { suite } from "./sample-suites.js";

/** A VM that runs the payload config, and one line to wait for. */
const waitsFor = (payload: string, wait: string): string => `
  test("${payload}", async ({ app, vmm }) => {
    const vm = await vmm.create("vm1", app.vmConfig("assets/${payload}.json").build());
    await vm.run();
    ${wait}
  });`;

const LONG = "{ timeoutMs: 3_600_000 }";

/** By file name. */
export const WAIT_SUITES: Readonly<Record<string, string>> = {
  "ends.test.ts": suite(
    [
      waitsFor("die", `await expect(vm).toPrint(/Hello/, ${LONG});`),
      waitsFor("panic-and-hang", `await expect(vm).toPrint(/Hello/, ${LONG});`),
      waitsFor("crash", `await expect(vm).toPrint(/Hello/, ${LONG});`),
      waitsFor("hang", `await expect(vm).toPrint(/Hello/, { budgetMs: 100 });`),
      waitsFor("ktap", `await expect(vm).toPassKtap(${LONG});`),
      waitsFor("silent", `await expect(vm).toPrint("executing main tusk", { timeoutMs: 100 });`),
      waitsFor("vm_config", `await expect(vm).toPrint(/Bye/, { signal: AbortSignal.timeout(50), ...${LONG} });`),
      `test.use({ payloadConfigPath: "assets/die.json" });
       test("readyVm", ({ readyVm }) => { readyVm.getName(); });`,
    ].join("\n"),
  ),
  // Without `useAvf`, so that its second attempt gets a device that is there.
  "device.test.ts": `import { test, expect } from "jest-avf";
    ${waitsFor("lose-device", `await expect(vm).toPrint(/Hello/, ${LONG});`)}`,
  "timeout-in-wait.test.ts": suite(
    `test("long", async ({ app, vmm }) => {
       const vm = await vmm.create("vm1", app.vmConfig("assets/silent.json").build());
       await vm.run();
       await expect(vm).toPrint("executing main tusk");
     }, 400);`,
  ),
  "matchers.test.ts": `import { adbIntoVm, moment } from "jest-avf";\n${suite(`
    async function pair({ app, vmm }: any): Promise<[VirtualMachine, VirtualMachine]> {
      const config = app.vmConfig("assets/vm_config.json").build();
      return [await vmm.create("vm1", config), await vmm.create("vm2", config)];
    }
    test("order of lines", async ({ readyVm }) => {
      await expect(readyVm).toPrintInOrder(["started", /executing/, "Hello"], { within: 5_000 });
      await expect(readyVm).toPrintInOrder(["Hello", "executing"], { timeoutMs: 50 });
    });
    test("order of moments", async ({ app, vmm }) => {
      const [vm1, vm2] = await pair({ app, vmm });
      const first = moment.line(vm1, /Hello/);
      const second = moment.status(vm2, "RUNNING");
      const order = expect(first).toHappenBefore(second, { within: 60_000 });
      await vm1.run();
      await expect(vm1).toPrint(/Hello/);
      await vm2.run();
      await order;
      await expect(second).not.toHappenBefore(first);
      await expect(moment.line(vm2, "never")).not.toHappenBefore(first);
      await vm2.waitUntil("ready");
      await expect(moment.stage(vm2, "ready")).toHappenBefore(first);
    });
    test("silence", async ({ app, vmm }) => {
      const [vm1, vm2] = await pair({ app, vmm });
      await vm1.run();
      await expect(vm1).toNeverPrint(/Oops/, { until: moment.stage(vm1, "ready") });
      await expect(vm1).toNeverPrint(/Hello/, { during: async () => { await vm2.run(); await vm2.stop(); } });
      await expect(vm2).toNeverPrint(/Hello/, { during: () => vm2.run().then(() => vm2.waitFor("ready")) });
    });
    test("boot", async ({ readyVm }) => {
      await expect(readyVm).toBootWithin({ payload: 60_000, ready: 60_000 });
      await expect(readyVm).toBootWithin({ vmm: 60_000, kernel: 60_000, payload: 0 });
    });
    test("within", async ({ readyVm }) => {
      await expect(readyVm).toPrint(/Hello/, { within: 60_000 });
      await expect(readyVm).toPrint(/Hello/, { within: 1 });
    });
    test("ends", async ({ app, vmm }) => {
      const [vm1, vm2] = await pair({ app, vmm });
      const dead = await vmm.create("dead", app.vmConfig("assets/die.json").build());
      await expect(expect(vm1).not.toDieWith("CRASH")).toRejectWithCode("VM_NEVER_RAN");
      await expect(expect(vm1).toDieWith("CRUSH" as never)).toRejectWithCode("BAD_REASON");
      const end = expect(vm1).toDieWith("KILLED");
      await vm1.run();
      await expect(vm1).not.toDieWith("KILLED");
      await vm1.stop();
      await end;
      await expect(vm1).not.toDieWith("CRASH");
      await dead.run();
      await expect(dead).toDieWith(expect.stringMatching(/^RE/));
      await expect(dead).toDieWith(/BOOT$/);
      await expect(adbIntoVm(vm1 as never, undefined as never)).toRejectWithCode("BAD_ARGUMENT");
      await vm2.run();
      await expect(vm2).not.toPrint("never printed");
      await expect(dead).toDieWith("CRASH");
    });
    test("kinds", async ({ vm }) => {
      await expect(vm.stop()).toRejectWithKind("vm", "VM_NOT_RUNNING");
      await expect(() => vm.connectVsock(0)).not.toRejectWithKind("infrastructure");
      await expect(vm.stop()).toRejectWithKind("usage");
    });`)}`,
};
