/** `run({ cpus, teeServices, earlyConsole, deviceTreePath })`: asked of the tool, whatever the release is. */
import { expect, test } from "@jest/globals";
import { DEBUG_LEVEL_FULL } from "../constants.js";
import { VirtualMachineConfig } from "./config.js";
import { VirtualMachineManager } from "../manager.js";
import { memoryContext, type MemoryService, toolWithout } from "../testing/memory-service.js";
import { outcomeOf } from "../testing/outcome.js";
import type { ServiceCapabilities } from "../../virtualizationservice/contract.js";
import { RUN_OPTIONS, type RunFlags } from "../../virtualizationservice/abilities/run-options.js";
import type { RunOptions } from "../gdb/gdb-options.js";
import type { ToolOptions } from "./tool-options.js";
import type { VirtualMachine } from "../machine.js";

async function setUp(
  tool: ServiceCapabilities["tool"],
  debugLevel: 0 | 1 = DEBUG_LEVEL_FULL,
): Promise<{ vm: VirtualMachine; service: MemoryService }> {
  const { context, service } = memoryContext();
  service.answers = { tool, cpuCount: 4 };
  const config = new VirtualMachineConfig.Builder(context, "assets/vm_config.json").setDebugLevel(debugLevel).build();
  return { service, vm: await VirtualMachineManager.getInstance(context).create("vm1", config) };
}

const asked = async (tool: ServiceCapabilities["tool"], options: ToolOptions): Promise<unknown> => {
  const { vm, service } = await setUp(tool);
  await vm.run(options);
  return service.vms[0]?.asked;
};

const ALL = { ...toolWithout(), cpuCounts: true };
const NO_COUNTS = toolWithout();

test("what the tool supports is passed to the service", async () => {
  const teeServices = ["com.android.trusty.a"];
  const options = { cpus: 3, teeServices, earlyConsole: true, deviceTreePath: "/data/local/tmp/vm.dtb" };
  expect(await asked(ALL, options)).toMatchObject({
    ...{ cpuTopology: { count: 3 }, teeServices, earlyConsole: true, deviceTreePath: "/data/local/tmp/vm.dtb" },
  });
});

/**
 * Of `RunOptions`, what no row of the table sees to: the call itself, and what has a place of its own among the arguments.
 * Any other does not compile here: it would be accepted and never sent.
 */
type WithoutRow = Exclude<keyof RunOptions, keyof RunFlags>;
const WITHOUT_ROW: Readonly<Record<WithoutRow, true>> = { signal: true, gdb: true, cpus: true };

const SAMPLES: Readonly<Required<RunFlags>> = { teeServices: ["a"], earlyConsole: true, deviceTreePath: "/d" };

test.each(RUN_OPTIONS)("$key given alone is passed", async ({ key }) => {
  expect(WITHOUT_ROW).not.toHaveProperty(key);
  expect(await asked(ALL, { [key]: SAMPLES[key] })).toHaveProperty(key, SAMPLES[key]);
});

test("without them a run is what it was", async () => {
  const plain = await asked(ALL, {});
  expect(plain).toMatchObject({ cpuTopology: "one_cpu" });
  for (const name of ["teeServices", "earlyConsole", "deviceTreePath"]) expect(plain).not.toHaveProperty(name);
});

test.each<[number, unknown]>([
  [1, "one_cpu"],
  [4, "match_host"],
])("a tool that counts no CPUs has an option for %d of 4", async (cpus, cpuTopology) => {
  expect(await asked(NO_COUNTS, { cpus })).toMatchObject({ cpuTopology });
});

test.each<[what: string, tool: ServiceCapabilities["tool"], options: ToolOptions, words: string]>([
  ["a number of CPUs", NO_COUNTS, { cpus: 3 }, "A number of CPUs (3) is not supported on this device."],
  [
    "a TEE service",
    toolWithout("--tee-services"),
    { teeServices: ["a"] },
    "A TEE service is not supported on this device.",
  ],
  [
    "an early console",
    toolWithout("--enable-earlycon"),
    { earlyConsole: true },
    "An early console is not supported on this device.",
  ],
  [
    "a device tree",
    toolWithout("--dump-device-tree"),
    { deviceTreePath: "/d" },
    "A dump of the device tree is not supported on this device.",
  ],
])("%s that the tool lacks is refused by name, before anything is made", async (_what, tool, options, words) => {
  const { vm, service } = await setUp(tool);
  const before = [...service.files.entries.keys()];
  const outcome = await outcomeOf(() => vm.run(options));
  expect(outcome).toMatch(/^UNSUPPORTED_OPERATION: /);
  expect(outcome).toContain(words);
  expect([...service.files.entries.keys()]).toEqual(before);
  expect([vm.status, service.vms]).toEqual(["STOPPED", []]);
});

test.each<[ToolOptions, string]>([
  [{ cpus: 0 }, "Not a number of CPUs: 0"],
  [{ cpus: 1.5 }, "Not a number of CPUs: 1.5"],
  [{ earlyConsole: true }, "An early console needs DEBUG_LEVEL_FULL"],
])("%j is the caller's mistake", async (options, words) => {
  const { vm } = await setUp(ALL, 0);
  expect(await outcomeOf(() => vm.run(options))).toContain(words);
});
