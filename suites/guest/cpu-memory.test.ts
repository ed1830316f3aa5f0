import { adbIntoVm, CPU_TOPOLOGY_MATCH_HOST, expect, test, type Device } from "jest-avf";

const MIB = 1 << 20;
/** The kernel's own code, and its list of all pages. */
const MOST_RESERVED_MIB = 56;

test("a VM has the CPUs and the memory that its config asks for", async ({ device, app, vmm, signal }) => {
  const config = app.vmConfig("assets/vm_config.json");
  const small = await vmm.create("small", config.setMemoryBytes(160 * MIB).build());
  const large = await vmm.create(
    "large",
    // Not a whole number of MiB: it is rounded up.
    config
      .setMemoryBytes(320 * MIB - 1)
      .setCpuTopology(CPU_TOPOLOGY_MATCH_HOST)
      .build(),
  );
  await Promise.all([small.run(), large.run()]);
  await using insideSmall = await adbIntoVm(device, small, { signal });
  await using insideLarge = await adbIntoVm(device, large, { signal });

  expect(await cpusOf(insideSmall)).toBe(1);
  expect(await cpusOf(insideLarge)).toBe(await cpusOf(device));
  expect(await cpusOf(device)).toBeGreaterThan(1);
  const [smallMib, largeMib] = [await memoryMib(insideSmall), await memoryMib(insideLarge)];
  expect(smallMib).toBeLessThan(160);
  expect(smallMib).toBeGreaterThan(160 - MOST_RESERVED_MIB);
  expect(largeMib).toBeLessThan(320);
  expect(largeMib).toBeGreaterThan(320 - MOST_RESERVED_MIB);
});

test("a VM with too little memory to boot ends at once and reports it", async ({ app, vmm }) => {
  const vm = await vmm.create("tiny", app.vmConfig("assets/vm_config.json").setMemoryBytes(20).build());
  await vm.run();
  expect(await vm.waitFor("started")).toMatchObject({ kind: "died", reason: { name: "START_FAILED" } });
  expect(vm.lastLines().map(({ text }) => text)).toContainEqual(
    expect.stringMatching(/^vm: failed to load the kernel: it needs \d+ MiB, the VM has 1 MiB$/),
  );
});

async function cpusOf(machine: Device): Promise<number> {
  return Number((await machine.exec(["nproc"])).stdout);
}

async function memoryMib(machine: Device): Promise<number> {
  const { stdout } = await machine.exec(["cat", "/proc/meminfo"]);
  return Number(/^MemTotal: +(\d+) kB/m.exec(stdout)?.[1]) / 1024;
}
