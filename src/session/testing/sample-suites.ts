/** Suites that unit tests run as children: what they do, and how they fail, is looked at from outside. */

/** The usual imports, then the tests. */
export function suite(body: string): string {
  const imports = [
    "test, expect, describe, beforeAll, afterAll, beforeEach, afterEach, jest, useAvf",
    "VirtualMachine, VirtualMachineException",
  ];
  return `import { ${imports.join(", ")} } from "jest-avf";\n${body}\n`;
}

/** By file name. */
export const SUITES: Readonly<Record<string, string>> = {
  "documented.test.ts": suite(`
      test("vm1 and vm2 greet from their own machines", async ({ app, vmm }) => {
        const config = app.vmConfig("assets/vm_config.json").setMemoryBytes(192 << 20).build();
        const vm1 = await vmm.create("vm1", config);
        const vm2 = await vmm.create("vm2", config);
        await Promise.all([vm1.run(), vm2.run()]);
        await expect(vm1).toPrint(/Hello Microdroid/);
        expect(await vm1.getCid()).not.toBe(await vm2.getCid());
        await vm1.stop();
        expect(vm1).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
      });`),
  "stages.test.ts": suite(`
      const withPair = test.extend<{ pair: [VirtualMachine, VirtualMachine]; log: string[] }>({
        log: [],
        pair: async ({ vmm, app, log }, use) => {
          const config = app.vmConfig("assets/vm_config.json").build();
          await use([await vmm.create("a", config), await vmm.create("b", config)]);
          log.push("torn down");
        },
      });
      let seen: string[] = [];
      withPair("a pair", async ({ pair, log }) => { seen = log; expect(pair.map((vm) => vm.getName())).toEqual(["a", "b"]); });
      withPair("its teardown ran", () => { expect(seen).toEqual(["torn down"]); });
      test("a VM that is ready", async ({ readyVm }) => { expect(readyVm).toHaveCid(); await expect(readyVm).toHaveStatus("RUNNING"); });
      describe("with another name", () => {
        test.use({ vmName: "other" });
        test("is named so", ({ vm }) => { expect(vm.getName()).toBe("other"); });
      });
      test("is vm1 elsewhere", ({ vm }) => { expect(vm.getName()).toBe("vm1"); });
      test.each([["x", 1], ["y", 2]] as const)("row %s", ({ vmm }, name, number) => { expect(vmm).toBeDefined(); expect([name, number]).toEqual(name === "x" ? ["x", 1] : ["y", 2]); });
      test.each([3])("single %d", ({}, number) => { expect(number).toBe(3); });
      test.failing("fails", async ({ vm }) => { await expect(vm).toHaveStatus("RUNNING"); });
      test.skip("not now", () => { throw new Error("must not run"); });
      test.todo("later");
      describe("hooks", () => {
        let vm: VirtualMachine;
        beforeAll(async () => { const { vmm, app } = useAvf(); vm = await vmm.create("shared", app.vmConfig("assets/vm_config.json").build()); });
        test("one", async () => { await vm.run(); });
        test("two: it outlives the first test", async () => { await expect(vm).toHaveStatus("RUNNING"); });
      });`),
  "codes.test.ts": suite(`
      test("codes", async ({ vm }) => {
        await expect(vm.stop()).toRejectWithCode("VM_NOT_RUNNING");
        await expect(vm.stop()).rejects.toThrow("VM is not running");
        await expect(vm.stop()).rejects.toBeInstanceOf(VirtualMachineException);
        await expect(vm.getStatus()).not.toRejectWithCode("VM_NOT_RUNNING");
      });
      test("a wrong code", async ({ vm }) => { await expect(vm.stop()).toRejectWithCode("OTHER"); });
      test("no failure", async ({ vm }) => { await expect(vm.getStatus()).toRejectWithCode("OTHER"); });`),
  "death.test.ts": suite(`
      test("prints", async ({ app, vmm }) => {
        const vm = await vmm.create("vm1", app.vmConfig("assets/panic.json").build());
        await vm.run();
        await expect(vm).toPrint(/Hello/, { timeoutMs: 3_600_000 });
      });`),
  "timeout.test.ts": suite(`
      test("waits too long", async ({ app, vmm }) => {
        const vm = await vmm.create("slow", app.vmConfig("assets/silent.json").build());
        await vm.run();
        await expect(vm).toPrint("never").catch(() => undefined);
        await vmm.create("late", app.vmConfig("assets/silent.json").build());
      }, 300);
      test("is alone", async ({ vmm }) => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(await vmm.list()).toEqual([]);
      });`),
  "open-call.test.ts": suite(`
      const make = (vmm: any, app: any) => vmm.create("deaf", app.vmConfig("assets/deaf.json").build());
      test("vsock", async ({ app, vmm, signal }) => {
        const vm = await make(vmm, app);
        await vm.run();
        await expect(vm).toPrint("deaf");
        await vm.connectVsock(9999, { retryUntilMs: 60_000, signal });
      }, 300);
      test("wait", async ({ app, vmm }) => {
        const vm = await make(vmm, app);
        await vm.run();
        await vm.waitUntil("ready");
      }, 300);
      test("device", ({ device }) => device.exec(["hang", "for ever"]).then(() => undefined), 300);
      test("no time-out", async ({ app, vmm }) => {
        const vm = await make(vmm, app);
        await vm.run();
        await expect(vm).toPrint("deaf");
        await vm.connectVsock(9999);
      });`),
  "fixtures.test.ts": suite(`
      const stuck = test.extend<{ stuck: number }>({ stuck: async ({}, use) => { await new Promise(() => undefined); await use(1); } });
      stuck("hangs", ({ stuck }) => { expect(stuck).toBe(1); }, 200);
      const messy = test.extend<{ messy: number }>({ messy: async ({}, use) => { await use(1); throw new Error("teardown failed too"); } });
      messy("fails twice", ({ messy }) => { throw new Error("the body failed first " + messy); });`),
  "hooks.test.ts": suite(`
      describe("block", () => {
        beforeAll(async () => {
          const { vmm, app } = useAvf();
          await (await vmm.create("early", app.vmConfig("assets/vm_config.json").build())).run();
          throw new Error("hook failed");
        });
        test("never runs", () => undefined);
      });
      test("runs", async ({ runningVm }) => { await expect(runningVm).toPrint("Hello"); });`),
  "typo.test.ts": suite(`test("typo", ({ vnm }: any) => { vnm.create(); });`),
  "retry.test.ts": suite(`
      jest.retryTimes(1);
      let attempts = 0;
      test("flaky", async ({ runningVm }) => {
        await expect(runningVm).toPrint("Hello");
        expect(++attempts).toBe(2);
      });`),
};
