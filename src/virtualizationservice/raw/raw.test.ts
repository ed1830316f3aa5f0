import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ScriptedTool, Told } from "../testing/scripted-tool.js";
import type { RawVmConfig } from "../contract.js";

let tool: ScriptedTool;
beforeEach(() => void (tool = new ScriptedTool()));
afterEach(() => tool.remove());

const GUEST = `created "Created VM from \\"c.json\\" with CID 2048, state is STARTING."
echo hello >>$console
echo 'VM ended: Shutdown'`;

const raw = (change: Partial<RawVmConfig> = {}): RawVmConfig => {
  const { name, debugLevel, protectedVm, memoryMib, cpuTopology, consoleInput, networkSupported, scratchPath } =
    tool.config();
  const image = { kernelPath: "/d/kernel", initrdPath: "/d/initrd", params: "console=ttyS0 a='b c'", disks: [] };
  const common = { name, debugLevel, protectedVm, memoryMib, cpuTopology, consoleInput, networkSupported, scratchPath };
  return { ...common, image, ...change };
};
const given = (name: string): string => readFileSync(join(tool.folder, name), "utf8").trimEnd();

describe("a raw configuration", () => {
  // Keys of libs/vmconfig (VmConfig, DiskImage, Partition) in AOSP.
  test("is the JSON that vm run reads, beside what the run prints", async () => {
    const service = await tool.service(GUEST);
    const told = new Told();
    const disks = [
      { writable: false, imagePath: "/d/root.img" },
      { writable: true, partitions: [{ label: "a", path: "/d/a.img", writable: true }] },
    ];
    const image = { ...raw().image, disks, consoleInputDevice: "ttyS0" };
    const vm = await service.startVm(raw({ memoryMib: 300, image }), told.listen);
    expect(vm.cid).toBe(2048);
    expect(await vm.died).toMatchObject({ name: "SHUTDOWN" });
    expect(told.console.toString()).toBe("hello\n");
    expect(told.kinds).toEqual(["STARTING", "DEAD", "died"]);
    expect(JSON.parse(given("config"))).toEqual({
      kernel: "/d/kernel",
      initrd: "/d/initrd",
      params: "console=ttyS0 a='b c'",
      disks: [
        { image: "/d/root.img", writable: false },
        { writable: true, partitions: [{ label: "a", path: "/d/a.img", writable: true }] },
      ],
      memory_mib: 300,
      platform_version: "~1.0",
      console_input_device: "ttyS0",
    });
  });

  test.each<[sdk: number, args: string]>([
    [33, "run --console C --log L --cpus 1 -- J"],
    [34, "run --name -x --console C --log L --cpu-topology one_cpu J"],
    [35, "run --name -x --debug full --console C --log L --cpu-topology one_cpu J"],
    [36, "run --name -x --debug full --console C --log L --cpu-topology one_cpu J"],
  ])("SDK %d is given what its tool takes", async (sdk, args) => {
    const service = await tool.service(GUEST, sdk);
    const vm = await service.startVm(raw({ name: "x" }), () => undefined);
    await vm.died;
    const scratch = raw().scratchPath;
    const words = args.replace("-x", "x").split(" ");
    const paths: Readonly<Record<string, string>> = {
      C: `${scratch}/console.txt`,
      L: `${scratch}/log.txt`,
      J: `${scratch}/vm_config.json`,
    };
    expect(given("arguments").split("\n")).toEqual(words.map((word) => paths[word] ?? word));
  });

  test("CPUs and a device tree are passed if the tool has an option for them", async () => {
    const service = await tool.service(GUEST, 36);
    const vm = await service.startVm(raw({ cpuTopology: { count: 3 }, deviceTreePath: "/d/tree" }), () => undefined);
    await vm.died;
    expect(given("arguments")).toMatch(/--cpu-topology\ncpu_count=3\n(?:.*\n)*--dump-device-tree\n\/d\/tree\n/);
  });

  test.each<[what: string, sdk: number, change: Partial<RawVmConfig>, words: string]>([
    ["console input", 34, { consoleInput: true }, "console input (vm run has no --console-in)"],
    ["huge pages", 34, { hugePages: true }, "huge pages"],
    ["a network", 36, { networkSupported: true }, "a network"],
    ["TEE services", 36, { teeServices: ["x"] }, "TEE services (vm run has no --tee-services)"],
    ["a device tree", 35, { deviceTreePath: "/dt" }, "a dump of its device tree"],
    ["a number of CPUs", 35, { cpuTopology: { count: 3 } }, "a number of CPUs"],
  ])("%s that the tool lacks is refused before anything runs", async (_what, sdk, change, words) => {
    const service = await tool.service("exit 7", sdk);
    await expect(service.startVm(raw(change), () => undefined)).rejects.toMatchObject({
      ...{ kind: "usage", code: "NOT_ON_THIS_RELEASE" },
      message: expect.stringContaining(`runs no VM with ${words}`),
    });
  });

  test("a tool without vm run, and invalid paths", async () => {
    const service = await tool.service("exit 7");
    tool.writeHelp("help-run", "");
    await expect(service.startVm(raw(), () => undefined)).rejects.toThrow(/a kernel of its own \(it has no vm run\)/);
    const bad = { ...raw().image, disks: [{ writable: false, imagePath: "../disk" }] };
    await expect(service.startVm(raw({ image: bad }), () => undefined)).rejects.toMatchObject({ code: "DEVICE_PATH" });
  });
});
