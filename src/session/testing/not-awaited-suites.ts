/** Suites with work that nobody awaits: what Jest makes of it is Jest's, and record and messages have to follow. */
import { suite } from "./sample-suites.js";

const SLEEP = `const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));`;
/** What comes behind the end of a test waits for something that comes later still, however slow the machine. */
const LATER = `${SLEEP}
      const begun = new Set<string>();
      const since = async (name: string): Promise<void> => { while (!begun.has(name)) await sleep(5); };`;

/** By file name. */
export const NOT_AWAITED_SUITES: Readonly<Record<string, string>> = {
  "assertion.test.ts": suite(`${SLEEP}
      const make = async (vmm: any, app: any, payload: string): Promise<VirtualMachine> => {
        const vm = await vmm.create("vm1", app.vmConfig("assets/" + payload + ".json").build());
        await vm.run();
        return vm;
      };
      test("open at the end", async ({ app, vmm }) => {
        const vm = await make(vmm, app, "silent");
        void expect(vm).toPrint("never comes"); // LINE open
      });
      test("of a fixture's VM", async ({ runningVm }) => {
        void expect(runningVm).toPrint("never comes"); // LINE fixture
      });
      test("failed before the end", async ({ app, vmm }) => {
        const vm = await make(vmm, app, "panic");
        void expect(vm).toPrint("never comes", { timeoutMs: 60_000 }); // LINE failed
        await sleep(1500);
      });
      test("passed before the end", async ({ app, vmm }) => {
        const vm = await make(vmm, app, "vm_config");
        void expect(vm).toPrint("Hello");
        await sleep(100);
      });
      test("of two, both open", async ({ app, vmm }) => {
        const vm = await make(vmm, app, "silent");
        void expect(vm).toPrint("first"); // LINE two-a
        void expect(vm).toReachStatus("STOPPED"); // LINE two-b
      });
      test("open when the body fails", async ({ app, vmm }) => {
        const vm = await make(vmm, app, "silent");
        const open = expect(vm).toPrint("never comes"); // LINE besides
        expect(1).toBe(2);
        await open;
      });
      test("negated, and of Jest", async () => {
        void expect(sleep(10).then(() => 1)).resolves.not.toBe(1); // LINE jests
        await sleep(100);
      });
      test.failing("is to fail, and is not awaited", async ({ app, vmm }) => {
        const vm = await make(vmm, app, "silent");
        void expect(vm).toPrint("never comes"); // LINE failing
        expect(1).toBe(2);
      });
      test("is the last, and awaits", async ({ runningVm }) => { await expect(runningVm).toPrint("Hello"); });`),
  "calls.test.ts": suite(`${SLEEP}
      let inHook: Promise<void> | undefined;
      afterEach(() => inHook);
      test("a wait", async ({ app, vmm }) => {
        const vm = await vmm.create("vm1", app.vmConfig("assets/silent.json").build());
        await vm.run();
        void vm.waitUntil("ready"); // LINE wait
      });
      test("a refused run", async ({ runningVm }) => {
        void runningVm.run(); // LINE run
        await sleep(50);
      });
      test("a run", async ({ vm }) => { void vm.run(); });
      test("a command", async ({ device }) => {
        void device.exec(["hang", "for ever"]); // LINE command
      });
      test("of the suite's own", async () => {
        void Promise.reject(new Error("own rejection")); // LINE own
        await sleep(10);
      });
      test("rejected with no error", async () => {
        void Promise.reject("a mere text");
        await sleep(10);
      });
      test("thrown by a timer", async () => {
        setTimeout(() => { throw new Error("from a timer"); }, 5); // LINE timer
        await sleep(50);
      });
      test("awaited in the hook behind it", ({ readyVm }) => { inHook = expect(readyVm).toPrint("Hello"); });
      test("in time-out, awaited", async ({ app, vmm }) => {
        const vm = await vmm.create("vm1", app.vmConfig("assets/silent.json").build());
        await vm.run();
        await vm.waitUntil("ready");
      }, 300);
      test("passes", ({ vm }) => { expect(vm.getName()).toBe("vm1"); });`),
  "late.test.ts": suite(`${LATER}
      describe("a block", () => {
        test("rejects later", () => { void since("meanwhile").then(() => { throw new Error("late rejection"); }); });
        test("throws later", () => {
          const timer = setInterval(() => {
            if (!begun.has("meanwhile")) return;
            clearInterval(timer);
            throw new Error("late exception");
          }, 5);
        });
        test("meanwhile", async () => { begun.add("meanwhile"); await sleep(300); });
      });
      test("is the last, and rejects in the hook behind it", () => {
        void since("hook").then(() => { throw new Error("last rejection"); });
      });
      afterAll(() => { begun.add("hook"); return sleep(200); });`),
  "hooks.test.ts": suite(`${LATER}
      describe("before all", () => {
        beforeAll(async () => { void Promise.reject(new Error("of beforeAll")); await sleep(20); });
        test("one", () => undefined);
        test("one more", () => undefined);
        test.skip("skipped", () => undefined);
      });
      describe("before all, later", () => {
        beforeAll(() => { void since("two").then(() => { throw new Error("late of beforeAll"); }); });
        test("two", () => { begun.add("two"); return sleep(200); });
      });
      describe("each", () => {
        beforeEach(async () => { void Promise.reject(new Error("of beforeEach")); await sleep(20); });
        test("three", () => undefined);
      });
      describe("after each", () => {
        afterEach(async () => { void Promise.reject(new Error("of afterEach")); await sleep(20); });
        test("four", () => undefined);
      });
      test("five", () => undefined);`),
  "after-all.test.ts": suite(`${SLEEP}
      test("before it", () => undefined);
      afterAll(async () => { void Promise.reject(new Error("of afterAll")); await sleep(20); });`),
};
