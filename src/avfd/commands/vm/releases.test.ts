/** What differs between releases when VMs run: the command lines themselves are held against clap in command-line/. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { copyFile, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { deviceInFolder, type DeviceInFolder } from "../../testing/device-in-folder.js";
import type { ScriptedVm } from "../../testing/scripted-vmm.js";

const CONFIG = ["--config-path", "assets/vm_config.json"];
const ID = ["--instance-id-file", "vm.id"];
const FILES = ["app.apk", "r.idsig", "r.img"];

let host: DeviceInFolder;
beforeAll(async () => {
  host = await deviceInFolder();
  await copyFile(join(__dirname, "../../../../fixtures/MicrodroidTestApp.apk"), join(host.folder, "app.apk"));
});
afterAll(async () => host[Symbol.asyncDispose]());
beforeEach(() => void (host.vmm.started.length = 0));

const lastVm = (): ScriptedVm => {
  const vm = host.vmm.started.at(-1);
  if (!vm) throw new Error("no VM was started");
  return vm;
};

/** Runs a VM to its end; returns what the tool printed until then. */
async function runToEnd(...args: readonly string[]): Promise<string> {
  const tool = host.start("vm", "run-app", ...args);
  await tool.printed(/with CID/);
  lastVm().end({ kind: "shutdown" });
  return (await tool.ended).stdout;
}

describe("release 14", () => {
  beforeEach(() => host.device.identity.setRelease(14));

  test("a VM is debuggable only on request, and the line about its creation does not show it", async () => {
    const plain = await runToEnd(...FILES, ...CONFIG);
    const { cid } = lastVm().config;
    expect(plain).toBe(
      `Created VM from "app.apk"!ConfigPath("assets/vm_config.json") with CID ${cid}, state is STARTING.\nVM ended: Shutdown\n`,
    );
    expect(lastVm().config.kernelParams).toContain("console=ttynull");
    expect(await runToEnd("--debug", "full", ...FILES, ...CONFIG)).toMatch(/^Created VM from /);
    expect(lastVm().config.kernelParams).toContain("console=hvc0");
  });

  test("a payload binary has no list of extra APKs, and a VM no console input", async () => {
    const tool = host.start("vm", "run-app", ...FILES, "--payload-binary-name", "X.so");
    expect(await tool.printed(/Created .* with/)).toBe(
      'Created VM from "app.apk"!PayloadConfig(VirtualMachinePayloadConfig { payloadBinaryName: "X.so" }) with',
    );
    tool.write("typed\n");
    tool.end();
    lastVm().console("printed\n");
    await tool.printed(/printed/);
    expect(lastVm().typed()).toBe("");
    lastVm().end({ kind: "shutdown" });
    await tool.ended;
  });

  test("there are no features, and no instance id", async () => {
    expect(await host.run("vm", "check-feature-enabled", "x")).toMatchObject({ exitCode: 2, stdout: "" });
    const { stderr } = await host.run("vm", "run-app", ...FILES, ...CONFIG, ...ID);
    expect(stderr).toMatch(/^error: unexpected argument '--instance-id-file' found\n/);
  });
});

describe.each([16, 17] as const)("release %d", (release) => {
  beforeEach(() => host.device.identity.setRelease(release));

  test("a VM has as many CPUs as it was given, also more than the device", async () => {
    await runToEnd("--cpu-topology", "cpu_count=37", ...FILES, ...CONFIG, ...ID);
    expect(lastVm().config.cpuCount).toBe(37);
    expect(
      (await host.run("vm", "run-app", "--cpu-topology", "cpu_count=0", ...FILES, ...CONFIG, ...ID)).stderr,
    ).toContain("0 CPUs are none");
  });

  test("an early console is for debuggable VMs, whose kernel is not silenced then", async () => {
    await runToEnd(...FILES, ...CONFIG, ...ID);
    expect(lastVm().config.kernelParams).toContain("quiet");
    await runToEnd("--enable-earlycon", ...FILES, ...CONFIG, ...ID);
    const { kernelParams } = lastVm().config;
    expect(kernelParams.slice(-2)).toEqual(["earlycon=uart8250,io,0x3f8", "keep_bootcon"]);
    expect(kernelParams).not.toContain("quiet");
    const refused = await host.run("vm", "run-app", "--enable-earlycon", "--debug", "none", ...FILES, ...CONFIG, ...ID);
    expect(refused).toMatchObject({ exitCode: 1, stderr: "Error: earlycon is only supported for debuggable VMs\n" });
  });

  test("--gki is refused as any unknown argument, and a missing --instance-id-file as a required one", async () => {
    expect(await host.run("vm", "run-app", "--gki", "x", ...FILES, ...CONFIG, ...ID)).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: expect.stringMatching(/^error: unexpected argument '--gki' found\n\n  tip: /),
    });
    expect(await host.run("vm", "run-app", ...FILES, ...CONFIG)).toEqual({
      exitCode: 2,
      stdout: "",
      stderr: expect.stringMatching(/not provided:\n  --instance-id-file <INSTANCE_ID>\n/),
    });
    expect(host.vmm.started).toEqual([]);
  });

  test("CPUs by number; a system by its name", async () => {
    await runToEnd(...FILES, ...CONFIG, ...ID, "--cpu-topology", "cpu_count=1", "--os", "microdroid", "--hugepages");
    expect(lastVm().config.cpuCount).toBe(1);
    const refused = await host.run("vm", "run-app", ...FILES, ...CONFIG, ...ID, "--os", "android");
    expect(refused).toMatchObject({ exitCode: 1, stderr: expect.stringContaining(String.raw`Unknown OS "android"`) });
    const none = await host.run("vm", "run-app", ...FILES, ...CONFIG, ...ID, "--cpu-topology", "cpu_count=0");
    expect(none).toMatchObject({ exitCode: 1, stderr: expect.stringContaining("0 CPUs are none") });
  });

  test("storage that is there grows to the size that is asked for, and does not shrink", async () => {
    const storage = (size: number): readonly string[] => ["--storage", `s${release}`, "--storage-size", String(size)];
    const size = async (): Promise<number> => (await stat(join(host.folder, `s${release}`))).size;
    await runToEnd(...FILES, ...CONFIG, ...ID, ...storage(1 << 20));
    await runToEnd(...FILES, ...CONFIG, ...ID, ...storage((2 << 20) + 1));
    expect(await size()).toBe((2 << 20) + 4096);
    const head = (await readFile(join(host.folder, `s${release}`))).subarray(0, 19).toString();
    expect(head).toBe("UNFORMATTED-STORAGE");
    const { exitCode, stderr } = await host.run("vm", "run-app", ...FILES, ...CONFIG, ...ID, ...storage(4096));
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining("Can't shrink encrypted storage")]);
    expect(await size()).toBe((2 << 20) + 4096);
  });

  test("VMs are listed with their names, and without a console of the host", async () => {
    const tool = host.start("vm", "run-app", ...FILES, ...CONFIG, ...ID, "--name", "vm1");
    await tool.printed(/with CID/);
    const { stdout } = await host.run("vm", "list");
    expect(stdout).toMatch(/^ {8}name: "vm1",\n {8}cid: \d+,\n[^]*\n {8}hostConsoleName: None,$/m);
    lastVm().end({ kind: "shutdown" });
    await tool.ended;
  });

  test("vm console wants a terminal", async () => {
    expect(await host.run("vm", "console", "2048")).toEqual({
      exitCode: 1,
      stdout: "",
      stderr: "Error: Stdin must be a terminal (tty). Use 'adb shell -t' to force allocate tty.\n",
    });
  });

  test("a device tree is refused, because there is none; its file is checked first", async () => {
    const dump = (path: string): readonly string[] => [...FILES, ...CONFIG, ...ID, "--dump-device-tree", path];
    const { stderr } = await host.run("vm", "run-app", ...dump("none/dt"));
    expect(stderr).toContain('Failed to open file to dump device tree: "none/dt"');
    const refused = await host.run("vm", "run-app", ...dump("dt"));
    expect(refused.stderr).toContain("VMs of the emulated device have no device tree");
    expect(host.vmm.started).toEqual([]);
  });
});

test.each([
  [13, ["--cpu-affinity", "0", "--task-profiles=p"], ["task-profiles", "cpu-affinity"]],
  [14, ["--task-profiles", "p"], ["task-profiles"]],
  [15, ["--hugepages", "--boost-uclamp"], ["hugepages", "boost-uclamp"]],
] as const)("release %d: who asks for what has no effect is told", async (release, options, named) => {
  host.device.identity.setRelease(release);
  const id = release === 15 ? ID : [];
  const payload = release === 13 ? ["assets/vm_config.json"] : [...CONFIG, ...id];
  const tool = host.start("vm", "run-app", ...FILES, ...payload, ...options);
  await tool.printed(release === 13 ? /Started VM/ : /with CID/);
  lastVm().end({ kind: "shutdown" });
  const { stderr } = await tool.ended;
  expect(stderr).toBe(named.map((name) => `Warning: --${name} has no effect on the emulated device\n`).join(""));
});

test("release 17 knows host services, of which this device has none; 16 does not know them", async () => {
  const args = [...FILES, ...CONFIG, ...ID, "--host-services", "s"];
  host.device.identity.setRelease(17);
  expect((await host.run("vm", "run-app", ...args)).stderr).toContain("has no services for its VMs");
  host.device.identity.setRelease(16);
  expect((await host.run("vm", "run-app", ...args)).stderr).toContain("unexpected argument '--host-services' found");
});
