import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { makeProject, runProject, startProject, type SuiteOutcome, type SuiteProject } from "./testing/run-suite.js";

// Each is a Jest of its own; on a busy machine that takes its time.
jest.setTimeout(120_000);

let project: SuiteProject | undefined;
afterEach(() => {
  project?.remove();
  project = undefined;
});

type Files = Readonly<Record<string, string>>;

/** Runs one suite file, with the usual imports above it. */
async function runSuite(body: string, options: Parameters<typeof makeProject>[1] = {}): Promise<SuiteOutcome> {
  return runFiles({ "suite.test.ts": suite(body) }, options);
}

async function runFiles(files: Files, options: Parameters<typeof makeProject>[1] = {}): Promise<SuiteOutcome> {
  project = makeProject(files, { args: ["--runInBand"], ...options });
  return runProject(project);
}

function suite(body: string): string {
  const imports =
    "test, expect, describe, beforeAll, afterAll, beforeEach, afterEach, useAvf, VirtualMachine, VirtualMachineException";
  return `import { ${imports} } from "jest-avf";\n${body}\n`;
}

describe("a suite", () => {
  test("runs as the documentation shows it, and what it left is stopped and deleted", async () => {
    const { exitCode, output } = await runSuite(`
      test("vm1 and vm2 greet from their own machines", async ({ app, vmm }) => {
        const config = app.vmConfig("assets/vm_config.json").setMemoryBytes(192 << 20).build();
        const vm1 = await vmm.create("vm1", config);
        const vm2 = await vmm.create("vm2", config);
        await Promise.all([vm1.run(), vm2.run()]);
        await expect(vm1).toPrint(/Hello Microdroid/);
        expect(await vm1.getCid()).not.toBe(await vm2.getCid());
        await vm1.stop();
        expect(vm1).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
      });`);
    expect(output).toMatch(/^Tests: 1 passed, 0 failed, 0 skipped$/m);
    expect(exitCode).toBe(0);
    expect(project?.closings()).toEqual([{ started: 2, running: 0, left: [] }]);
  });

  test("gets fixtures by stage, extended, overridden, by table, and in hooks", async () => {
    const { exitCode, output } = await runSuite(`
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
      });`);
    expect(output).toMatch(/^Tests: 11 passed, 0 failed, 2 skipped$/m);
    expect(exitCode).toBe(0);
    expect(project?.closings()).toEqual([{ started: 2, running: 0, left: [] }]);
  });

  test("gets errors with codes from either realm", async () => {
    const { exitCode, output } = await runSuite(`
      test("codes", async ({ vm }) => {
        await expect(vm.stop()).toRejectWithCode("VM_NOT_RUNNING");
        await expect(vm.stop()).rejects.toThrow("VM is not running");
        await expect(vm.stop()).rejects.toBeInstanceOf(VirtualMachineException);
        await expect(vm.getStatus()).not.toRejectWithCode("VM_NOT_RUNNING");
      });
      test("a wrong code", async ({ vm }) => { await expect(vm.stop()).toRejectWithCode("OTHER"); });
      test("no failure", async ({ vm }) => { await expect(vm.getStatus()).toRejectWithCode("OTHER"); });`);
    expect(exitCode).toBe(1);
    expect(output).toContain("It failed with code VM_NOT_RUNNING:");
    expect(output).toContain('It did not fail; it gave "STOPPED".');
    expect(output).toMatch(/^Tests: 1 passed, 2 failed, 0 skipped$/m);
  });
});

describe("a failure", () => {
  test("of a wait comes at once when the VM dies, with its last lines, and evidence is saved", async () => {
    const { exitCode, output } = await runSuite(`
      test("prints", async ({ app, vmm }) => {
        const vm = await vmm.create("vm1", app.vmConfig("assets/panic.json").build());
        await vm.run();
        await expect(vm).toPrint(/Hello/, { timeoutMs: 3_600_000 });
      });`);
    expect(exitCode).toBe(1);
    expect(output).toMatch(/VM "vm1" died \(CRASH\) .* after start, while waiting for its output to show \/Hello\//);
    expect(output).toContain("Kernel panic - not syncing");
    expect(output).toMatch(/> \d+ \|\s+await expect\(vm\)\.toPrint/);
    expect(output).toMatch(/Saved for this failure: \S+prints\/$/m);
    expect(project?.evidence("prints/vm1.console.txt")).toBe(
      "init: loading assets/panic.json\nKernel panic - not syncing\n",
    );
    expect(project?.evidence("prints/vm1.config.json")).toContain('"payloadConfigPath": "assets/panic.json"');
    expect(project?.evidence("prints/vm1.history.txt")).toMatch(/status STOPPED.*CRASH/);
    expect(project?.evidence("prints/failure.txt")).toContain("npx jest suite.test.ts -t '^prints$'");
    expect(project?.closings()).toEqual([{ started: 1, running: 0, left: [] }]);
  });

  test("by timeout says what the test was busy with; its body does not reach into the next test", async () => {
    const { exitCode, output } = await runSuite(`
      test("waits too long", async ({ app, vmm }) => {
        const vm = await vmm.create("slow", app.vmConfig("assets/silent.json").build());
        await vm.run();
        await expect(vm).toPrint("never").catch(() => undefined);
        await vmm.create("late", app.vmConfig("assets/silent.json").build());
      }, 300);
      test("is alone", async ({ vmm }) => {
        await new Promise((resolve) => setTimeout(resolve, 200));
        expect(await vmm.list()).toEqual([]);
      });`);
    expect(exitCode).toBe(1);
    expect(output).toContain("Exceeded timeout of 300 ms");
    expect(output).toContain('It was waiting for VM "slow" to print "never".');
    expect(output).toMatch(/^Tests: 1 passed, 1 failed, 0 skipped$/m);
    expect(project?.closings()).toEqual([{ started: 1, running: 0, left: [] }]);
  });

  test("in a fixture's setup names the fixture on timeout, and keeps the first error before those of teardowns", async () => {
    const { exitCode, output } = await runSuite(`
      const stuck = test.extend<{ stuck: number }>({ stuck: async ({}, use) => { await new Promise(() => undefined); await use(1); } });
      stuck("hangs", ({ stuck }) => { expect(stuck).toBe(1); }, 200);
      const messy = test.extend<{ messy: number }>({ messy: async ({}, use) => { await use(1); throw new Error("teardown failed too"); } });
      messy("fails twice", ({ messy }) => { throw new Error("the body failed first " + messy); });`);
    expect(exitCode).toBe(1);
    expect(output).toContain('It was setting up fixture "stuck".');
    expect(output).toMatch(/● fails twice\s+the body failed first 1[^]*● fails twice\s+teardown failed too/);
  });

  test("of a hook leaves the others to be cleaned up", async () => {
    const { exitCode, output } = await runSuite(`
      describe("block", () => {
        beforeAll(async () => {
          const { vmm, app } = useAvf();
          await (await vmm.create("early", app.vmConfig("assets/vm_config.json").build())).run();
          throw new Error("hook failed");
        });
        test("never runs", () => undefined);
      });
      test("runs", async ({ runningVm }) => { await expect(runningVm).toPrint("Hello"); });`);
    expect(exitCode).toBe(1);
    expect(output).toContain("hook failed");
    expect(output).toMatch(/^Tests: 1 passed, 1 failed, 0 skipped$/m);
    expect(project?.closings()).toEqual([{ started: 2, running: 0, left: [] }]);
  });

  test("to name a fixture is told before anything runs", async () => {
    const { exitCode, output } = await runSuite(`test("typo", ({ vnm }: any) => { vnm.create(); });`);
    expect(exitCode).toBe(1);
    expect(output).toContain('There is no fixture "vnm", which test "typo" asks for.');
    expect(output).toMatch(/^Tests: 0 passed, 1 failed, 0 skipped$/m);
  });

  test("of the environment's options names the option", async () => {
    const { exitCode, output } = await runFiles(
      { "suite.test.ts": suite(`test("x", () => undefined);`) },
      { config: { testEnvironmentOptions: { apk: ["a.apk"] } } },
    );
    expect(exitCode).toBe(1);
    expect(output).toContain("testEnvironmentOptions.apk is not known.");
  });
});

describe("a test that is retried", () => {
  test("may use the same names again, and each attempt keeps its evidence", async () => {
    const { exitCode, output } = await runSuite(`
      import { jest } from "jest-avf";
      jest.retryTimes(1);
      let attempts = 0;
      test("flaky", async ({ runningVm }) => {
        await expect(runningVm).toPrint("Hello");
        expect(++attempts).toBe(2);
      });`);
    expect(output).toMatch(/^Tests: 1 passed, 0 failed, 0 skipped$/m);
    expect(exitCode).toBe(0);
    expect(project?.evidence("flaky/vm1.console.txt")).toContain("Hello");
    expect(project?.closings()).toEqual([{ started: 2, running: 0, left: [] }]);
  });
});

describe("a signal", () => {
  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends the run with exit code %d, whatever a test waits for", async (signal, exitCode) => {
    project = makeProject(
      {
        "suite.test.ts": suite(`
          import { writeFileSync } from "node:fs";
          test("waits", async ({ runningVm }) => { writeFileSync("running", ""); await expect(runningVm).toPrint("never"); });`),
      },
      { args: ["--runInBand"] },
    );
    const { folder } = project;
    const child = startProject(project);
    while (!existsSync(join(folder, "running"))) await new Promise((resolve) => setTimeout(resolve, 20));
    child.kill(signal);
    expect((await child.ended).exitCode).toBe(exitCode);
  });
});

describe("a worker that crashes", () => {
  test("has its file run again by Jest, on names that are free", async () => {
    const { exitCode, output } = await runFiles(
      {
        "crash.test.ts": suite(`
          import { existsSync, writeFileSync } from "node:fs";
          test("crashes once", async ({ runningVm }) => {
            await expect(runningVm).toPrint("Hello");
            if (existsSync("crashed")) return;
            writeFileSync("crashed", "");
            process.exit(1);
          });`),
        "other.test.ts": suite(`test("passes", async ({ runningVm }) => { expect(runningVm).toHaveCid(); });`),
      },
      { args: ["-w", "2"], config: { workerIdleMemoryLimit: "1GB" } },
    );
    expect(output).toMatch(/^Tests: 2 passed, 0 failed, 0 skipped$/m);
    expect(exitCode).toBe(0);
    expect(output).not.toContain("failed to exit gracefully");
  });
});

describe("jest-avf without its environment", () => {
  test("says what to configure", async () => {
    const { exitCode, output } = await runFiles(
      { "suite.test.js": 'const { test } = require("jest-avf");\ntest("x", () => undefined);\n' },
      { config: { preset: undefined, testEnvironmentOptions: {} } },
    );
    expect(exitCode).toBe(1);
    expect(output).toContain('set `preset: "jest-avf"`');
  });
});
