/**
 * @jest-environment-options {"vmTemplates": true}
 * @avf-requires emulated vmm=qemu
 */
import { setTimeout } from "node:timers/promises";
import { adbIntoVm, expect, test, type Device, type VirtualMachine } from "jest-avf";

/** `ps` would truncate them. */
const COMMAND_LINES = 'for p in /proc/[0-9]*; do tr "\\0" " " <$p/cmdline; echo; done 2>/dev/null';

function bootSeenBy(vm: VirtualMachine): string | undefined {
  return vm.output.lines().flatMap(({ text }) => /tick \d+ of boot (\S+)/.exec(text)?.[1] ?? [])[0];
}

test("VMs that are copied from a template are machines of their own", async ({ app, vmm, device, signal }) => {
  const config = app.vmConfig("assets/vm_config.json").build();
  const vm1 = await vmm.create("vm1", config);
  const vm2 = await vmm.create("vm2", config);
  await Promise.all([vm1.run(), vm2.run()]);
  for (const vm of [vm1, vm2]) {
    await expect(vm).toPrint("microdroid_manager[1]: resumed from a template");
    await expect(vm).toPrint("tick 2 of boot");
  }
  expect(await vm1.getCid()).not.toBe(await vm2.getCid());
  // An id that the kernel draws from its random pool, which is the template's until fresh entropy comes in.
  expect(bootSeenBy(vm1)).not.toBe(bootSeenBy(vm2));

  // The clock was stopped with the template, and the copy's adbd answers at the copy's CID.
  await using guest = await adbIntoVm(device, vm2, { signal });
  const seconds = Number((await guest.exec(["date", "+%s"])).stdout);
  expect(Math.abs(seconds - Date.now() / 1000)).toBeLessThan(60);
  await vm2.stop();
  expect(vm2).toHaveTransitions(["STOPPED", "RUNNING", "STOPPED"]);
  await expect(vm1).toHaveStatus("RUNNING");
});

test("the next VM continues from a copy that was prepared meanwhile, and is a machine of its own as well", async ({
  app,
  vmm,
  device,
  signal,
}) => {
  const config = app.vmConfig("assets/vm_config.json").build();
  const boots: (string | undefined)[] = [];
  for (const name of ["first", "second", "third"]) {
    const vm = await vmm.create(name, config);
    await vm.run();
    await expect(vm).toPrint(/tick 1 of boot/);
    await expect(vm).toPrint("resumed from a template");
    boots.push(bootSeenBy(vm));
    const cid = Number(await vm.getCid());
    while (!(await copiesOn(device)).includes(cid + 1)) await setTimeout(50, undefined, { signal });
    expect((await copiesOn(device)).sort()).toEqual([cid, cid + 1]);
    await vm.stop();
  }
  expect(new Set(boots).size).toBe(3);
});

/** CIDs of copies, whether VMs or prepared ones. */
async function copiesOn(device: Device): Promise<number[]> {
  const { stdout } = await device.exec(["sh", "-c", COMMAND_LINES]);
  return [...stdout.matchAll(/-name copy-of-template .*guest-cid=(\d+)/g)].map(([, cid]) => Number(cid));
}
