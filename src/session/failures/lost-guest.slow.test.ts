import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import type { RunEvent } from "../../artifacts/events.js";
import { EMULATED_CPUS } from "../testing/memory-harness.js";
import { makeProject, runProject, type SuiteOutcome, type SuiteProject } from "../testing/run-suite.js";
import { suite } from "../testing/sample-suites.js";

jest.setTimeout(120_000);

type TestEnd = Extract<RunEvent, { kind: "test-end" }>;

const SUITES = {
  "lost.test.ts": suite(`
      let attempts = 0;
      const start = async (vmm: VirtualMachineManager, app: App, payload: string) => {
        const vm = await vmm.create("vm1", app.vmConfig(payload).build());
        await vm.run();
        return vm;
      };
      test("lost once", async ({ app, vmm }) => {
        const vm = await start(vmm, app, attempts++ === 0 ? "assets/die.json" : "assets/vm_config.json");
        await expect(vm).toPrint(/Hello/);
      });
      test("lost each time", async ({ app, vmm }) => {
        await expect(await start(vmm, app, "assets/die.json")).toPrint(/Hello/);
      });
      let boots = 0;
      test("stands still once", async ({ app, vmm }) => {
        const vm = await start(vmm, app, boots++ === 0 ? "assets/hang.json" : "assets/vm_config.json");
        await expect(vm).toPrint(/Hello/, { budgetMs: 300 });
      });
      let frozen = 0;
      test("hangs once after its boot", async ({ app, vmm }) => {
        const vm = await start(vmm, app, frozen++ === 0 ? "assets/freeze.json" : "assets/vm_config.json");
        await expect(vm).toPrint(/Hello/, { timeoutMs: 300 });
      });
      let endless = 0;
      test("hangs once where its end is awaited", async ({ app, vmm }) => {
        const vm = await start(vmm, app, endless++ === 0 ? "assets/freeze.json" : "assets/vm_config_exit.json");
        await expect(vm).toReachStatus("STOPPED", { timeoutMs: 1_000 });
      });
      test("hangs each time", async ({ app, vmm }) => {
        await expect(await start(vmm, app, "assets/freeze.json")).toPrint(/Hello/, { timeoutMs: 300 });
      });
      test("prints nothing, and answers", async ({ app, vmm }) => {
        await expect(await start(vmm, app, "assets/silent.json")).toPrint(/Hello/, { timeoutMs: 300 });
      });
      test("hangs, which its test does not notice", async ({ app, vmm }) => {
        await (await start(vmm, app, "assets/freeze.json")).waitUntil("started");
        expect(1).toBe(2);
      });
      test("panics", async ({ app, vmm }) => {
        await expect(await start(vmm, app, "assets/panic.json")).toPrint(/Hello/);
      });
      test("crashes", async ({ app, vmm }) => {
        await expect(await start(vmm, app, "assets/crash.json")).toPrint(/Hello/);
      });
      test("has another VM that panics", async ({ app, vmm }) => {
        const wanted = await start(vmm, app, "assets/die.json");
        await expect(wanted).toReachStatus("STOPPED");
        const vm2 = await vmm.create("vm2", app.vmConfig("assets/panic.json").build());
        await vm2.run();
        await expect(vm2).toPrint(/Hello/);
      });
      test("expects something else", async ({ app, vmm }) => {
        await start(vmm, app, "assets/die.json");
        expect(1).toBe(2);
      });`),
};

async function run(
  env: NodeJS.ProcessEnv,
): Promise<{ readonly project: SuiteProject; readonly outcome: SuiteOutcome }> {
  const project = makeProject(SUITES, { args: ["--runInBand"], env });
  return { project, outcome: await runProject(project) };
}

function classesOf(project: SuiteProject, title: string): readonly (string | undefined)[] {
  const ends = project.events().filter((event): event is TestEnd & RunEvent => event.kind === "test-end");
  return ends.filter(({ test: name }) => name === title).map(({ failureClass }) => failureClass);
}

describe("a guest that is lost without a message", () => {
  let emulated: Awaited<ReturnType<typeof run>>;
  let real: Awaited<ReturnType<typeof run>>;

  beforeAll(async () => {
    emulated = await run({ [EMULATED_CPUS]: "1" });
    real = await run({});
  });
  afterAll(() => {
    emulated.project.remove();
    real.project.remove();
  });

  test("on emulated processors counts as the lab's fault once, and the test runs again", () => {
    expect(classesOf(emulated.project, "lost once")).toEqual(["infrastructure", undefined]);
    expect(classesOf(emulated.project, "stands still once")).toEqual(["infrastructure", undefined]);
    expect(emulated.outcome.output).toContain(
      'The guest of VM "vm1" ended without a message of its kernel (REBOOT). Emulated processors (TCG)',
    );
    expect(classesOf(emulated.project, "hangs once after its boot")).toEqual(["infrastructure", undefined]);
    expect(classesOf(emulated.project, "hangs once where its end is awaited")).toEqual(["infrastructure", undefined]);
    expect(emulated.outcome.output).toContain('The guest of VM "vm1" hangs: its kernel answers no vsock packet');
    expect(emulated.outcome.output).toContain('avf: "lost once" failed and runs again (attempt 2 of 2)');
  });

  test("each time is not the lab's fault", () => {
    expect(classesOf(emulated.project, "lost each time")).toEqual(["infrastructure", "product"]);
    expect(classesOf(emulated.project, "hangs each time")).toEqual(["infrastructure", "test"]);
  });

  test.each([
    ["panics", "product"],
    ["has another VM that panics", "product"],
    ["crashes", "product"],
    ["prints nothing, and answers", "test"],
    ["hangs, which its test does not notice", "test"],
    ["expects something else", "test"],
  ])("is another one than one whose test %s", (title, failureClass) => {
    expect(classesOf(emulated.project, title)).toEqual([failureClass]);
  });

  test("on real processors is never the lab's fault", () => {
    expect(classesOf(real.project, "lost once")).toEqual(["product"]);
    expect(classesOf(real.project, "stands still once")).toEqual(["product"]);
    expect(classesOf(real.project, "hangs once after its boot")).toEqual(["test"]);
    expect(real.outcome.output).not.toContain("without a message of its kernel");
    expect(real.outcome.output).not.toContain("answers no vsock packet");
  });
});
