import { expect, test } from "@jest/globals";
import { makeProject, runProject } from "../../session/testing/run-suite.js";
import { suite } from "../../session/testing/sample-suites.js";

const OWN = `
      const matchers = {
        toBeEven(received: number) {
          return { pass: received % 2 === 0, message: () => "expected " + received + (this.isNot ? " not" : "") + " to be even" };
        },
        async toGreetAs(vm: VirtualMachine, name: string) {
          const { groups } = await vm.waitForConsole(/Hello Microdroid (\\w+)/);
          return { pass: groups[1] === name, message: () => "it greets as " + groups[1] };
        },
      };`;

const SUITES = {
  "ours.test.ts": suite(`${OWN}
      expect.extend(matchers);
      test("both kinds", async ({ app, vmm }) => {
        const vm = await vmm.create("vm1", app.vmConfig("assets/vm_config.json").build());
        await vm.run();
        await expect(vm).toPrint(/Hello/);
        await expect(vm).toGreetAs("vm1");
        await expect(vm).not.toGreetAs("vm2");
        expect(4).toBeEven();
        expect({ n: 4 }).toEqual({ n: expect.toBeEven() });
        expect(vm).toHaveCid();
      });
      test("that fails", () => { expect(3).toBeEven(); });`),
  // From Jest's own door, as a project's setup file does it.
  "jests.test.ts": `
      import { expect as jests } from "@jest/globals";
      ${suite(`${OWN}
      jests.extend(matchers);
      test("both kinds", async ({ readyVm }) => {
        expect(2).toBeEven();
        await jests(readyVm).toReachStatus("RUNNING");
        await expect(readyVm).toGreetAs("vm1");
      });`)}`,
};

test("a user's own matchers work beside ours, from either module", async () => {
  const project = makeProject(SUITES, { args: ["--runInBand"] });
  try {
    const { output } = await runProject(project);
    expect(output).toMatch(/^Tests: 2 passed, 1 failed, 0 skipped$/m);
    expect(output).toContain("expected 3 to be even");
    expect(output).toContain("✗ ours.test.ts › that fails");
  } finally {
    project.remove();
  }
}, 120_000);
