/** Suites about what becomes of tests: skipped, leaking, classed, run again. Looked at from outside, in one run. */
import { suite } from "./sample-suites.js";

const NOTE = `
      import { appendFileSync } from "node:fs";
      const note = (text: string): void => appendFileSync("notes", text + "\\n");`;

/** By file name. */
export const OUTCOME_SUITES: Readonly<Record<string, string>> = {
  "requires-file.test.ts": `/**
 * @avf-requires protected sdk>=34
 */
${suite(`${NOTE}
      beforeAll(() => note("hook of a file that is skipped"));
      test("needs a protected VM", async ({ readyVm }) => { note("body of a test that is skipped"); expect(readyVm).toBeDefined(); });
      test("as well", () => note("body of a test that is skipped"));`)}`,
  "requires-calls.test.ts": suite(`
      test.requires("sdk>=99")("of the future", () => { throw new Error("must not run"); });
      test.requires("sdk>=30", "ro.build.type=userdebug").each([1, 2])("runs %d", ({ vmm }, number) => { expect([1, 2]).toContain(number); expect(vmm).toBeDefined(); });
      describe("a block", () => {
        test.requires("cpus>=1000");
        beforeAll(() => { throw new Error("must not run"); });
        test("with an outside call", () => { throw new Error("must not run"); });
        describe("in it", () => { test("deeper", () => { throw new Error("must not run"); }); });
      });
      test("beside", ({ device }) => { expect(device.serial).toBe("memory"); });`),
  "requires-typo.test.ts": suite(`test.requires("protectd")("x", () => undefined);`),
  "leaks.test.ts": suite(`
      import { spawn } from "node:child_process";
      test("a forward", async ({ device }) => { await device.forward("tcp:80"); });
      test("a command", ({ device }) => { device.spawn(["sleep", "1000"]); });
      test("a file", async ({ device }) => { await device.exec(["touch", "/data/local/tmp/left"]); });
      test("a forward past us", async ({ device }) => { await device.exec(["leak-forward"]); });
      test("a host process", () => { spawn("sleep", ["1234"], { stdio: "ignore" }); });
      test("fails besides", async ({ device }) => { await device.forward("tcp:81"); expect(1).toBe(2); });
      test("puts away what it uses", async ({ device }) => {
        const forward = await device.forward("tcp:80");
        await forward.close();
        const command = device.spawn(["cat"]);
        await command.stop();
        await device.exec(["touch", "/data/local/tmp/gone"]);
        await device.exec(["rm", "/data/local/tmp/gone"]);
      });
      test("finds nothing of the others", async ({ device, runningVm }) => { expect(runningVm).toBeDefined(); expect(device).toBeDefined(); });`),
  "hooks-keep.test.ts": suite(`
      let vm: VirtualMachine;
      beforeAll(async () => {
        const { vmm, app, device } = useAvf();
        await device.forward("tcp:90");
        await device.exec(["touch", "/data/local/tmp/of-the-file"]);
        vm = await vmm.create("shared", app.vmConfig("assets/vm_config.json").build());
      });
      test("starts it", async ({ device }) => { await vm.run(); await device.getProperties(); });
      test("finds it running", async ({ device }) => { await expect(vm).toHaveStatus("RUNNING"); await device.getProperties(); });`),
  "classes.test.ts": suite(`
      import { InfrastructureError } from "jest-avf";
      test("wrong expectation", () => { expect(1).toBe(2); });
      test("VM dies", async ({ app, vmm }) => {
        const vm = await vmm.create("vm1", app.vmConfig("assets/panic.json").build());
        await vm.run();
        await expect(vm).toPrint(/Hello/);
      });
      test("lab broken", () => { throw new InfrastructureError("ADB_DEAD", "adb is dead"); });
      test("wrapped", () => { throw new Error("outer", { cause: new InfrastructureError("ADB_DEAD", "adb is dead") }); });`),
  "again.test.ts": suite(`${NOTE}
      import { InfrastructureError } from "jest-avf";
      let lab = 0;
      let cable = 0;
      beforeEach(() => note("each"));
      test("the lab breaks once", () => { if (++lab === 1) throw new InfrastructureError("ADB_DEAD", "adb is dead"); });
      test("only fails", () => { note("only fails"); expect(1).toBe(2); });
      test("the device leaves once", async ({ device }) => {
        if (++cable === 1) await device.exec(["vanish"]);
        expect(device.gone.aborted).toBe(false);
      });
      test("after it", async ({ runningVm }) => { await expect(runningVm).toPrint("Hello"); });`),
  "nothing.test.ts": suite(`test("asks for no device", () => { expect(1).toBe(1); });`),
};
