"use strict";
// Run by bench/parts/checkpoint.cjs: tests that start from two VMs that run, and tests that boot them.
const { writeFileSync } = require("node:fs");
const { afterAll, afterEach, checkpoint, describe, expect, test } = require("jest-avf");

const RESTORED = 7;
const BOOTED = 3;
const figures = { restored: [], booted: [] };
let lastEndMs;

/** From the end of the test before, with all that happens between two tests, to the first assertion. */
function note(kind) {
  if (lastEndMs !== undefined) figures[kind].push(performance.now() - lastEndMs);
}

async function bootBoth({ app, vmm }) {
  const config = app.vmConfig("assets/vm_config.json").build();
  const vms = await Promise.all(["vm1", "vm2"].map((name) => vmm.create(name, config)));
  await Promise.all(vms.map((vm) => vm.run()));
  for (const vm of vms) await expect(vm).toPrint("Hello Microdroid");
}

const twoVms = checkpoint("two VMs of the bench", bootBoth);

afterEach(() => {
  lastEndMs = performance.now();
});
afterAll(() => writeFileSync(process.env.AVF_BENCH_OUT, JSON.stringify(figures)));

describe("from a checkpoint", () => {
  test.use({ from: twoVms });
  for (let i = 0; i <= RESTORED; i += 1) {
    test(`test ${i}`, async ({ vmm }) => {
      const vms = [await vmm.get("vm1"), await vmm.get("vm2")];
      for (const vm of vms) await expect(vm).toHaveStatus("RUNNING");
      note("restored");
    });
  }
});

describe("booted", () => {
  // The first one's test before began from the checkpoint.
  for (let i = 0; i <= BOOTED; i += 1) {
    test(`test ${i}`, async ({ app, vmm }) => {
      await bootBoth({ app, vmm });
      if (i > 0) note("booted");
    });
  }
});
