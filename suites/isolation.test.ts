import { expect, test, type VirtualMachine } from "jest-avf";

/** Identities that payloads print in each of their ticks: different for each boot of each VM. */
function bootsSeenBy(vm: VirtualMachine): ReadonlySet<string> {
  const boots = vm.output.lines().map(({ text }) => /tick \d+ of boot (\S+)/.exec(text)?.[1]);
  return new Set(boots.filter((boot) => boot !== undefined));
}

test("the console of one VM never shows in the other's", async ({ app, vmm }) => {
  const config = app.vmConfig("assets/vm_config.json").build();
  const vm1 = await vmm.create("vm1", config);
  const vm2 = await vmm.create("vm2", config);
  await Promise.all([vm1.run(), vm2.run()]);
  await Promise.all([expect(vm1).toPrint("tick 3 of boot"), expect(vm2).toPrint("tick 3 of boot")]);
  await Promise.all([vm1.stop(), vm2.stop()]);

  const [boots1, boots2] = [bootsSeenBy(vm1), bootsSeenBy(vm2)];
  expect(boots1.size).toBe(1);
  expect(boots2.size).toBe(1);
  expect([...boots1]).not.toEqual([...boots2]);
});
