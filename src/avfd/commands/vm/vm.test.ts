import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { existsSync } from "node:fs";
import { copyFile, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { until } from "../../../base/testing/until.js";
import { deviceInFolder, namesIn, type DeviceInFolder } from "../../testing/device-in-folder.js";
import type { ScriptedVm } from "../../testing/scripted-vmm.js";

const FIXTURE = join(__dirname, "../../../../fixtures/MicrodroidTestApp.apk");
const ID = ["--instance-id-file", "vm.id"];
const CONFIG = ["--config-path", "assets/vm_config.json", ...ID];

let host: DeviceInFolder;
beforeAll(async () => {
  host = await deviceInFolder();
  await copyFile(FIXTURE, join(host.folder, "app.apk"));
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});
beforeEach(() => {
  host.vmm.started.length = 0;
  host.vmm.startFailure = undefined;
  host.device.identity.setRelease(15);
});

function lastVm(): ScriptedVm {
  const vm = host.vmm.started.at(-1);
  if (!vm) throw new Error("no VM was started");
  return vm;
}

async function readDisk(vm: ScriptedVm, serial: string): Promise<string> {
  const disk = vm.config.disks.find((one) => one.serial === serial);
  if (!disk) throw new Error(`the VM has no disk ${serial}`);
  const bytes = Buffer.alloc((await disk.file.stat()).size);
  await disk.file.read(bytes, 0, bytes.length, 0);
  return bytes.toString().replace(/\0*$/, "");
}

/** The guest's own report, as it comes over vsock. */
function report(line: string): string | undefined {
  const vm = host.device.virtualization.list().find(({ cid }) => cid === lastVm().config.cid);
  if (!vm) throw new Error("the VM is gone");
  return vm.notify(line);
}

describe("vm run-app, releases since 14", () => {
  test("prints creation, what the guest reports, and the end; exits 0 whatever the payload's code", async () => {
    const tool = host.start("vm", "run-app", "app.apk", "a.idsig", "a.img", ...CONFIG);
    const created = await tool.printed(/Created .*\n/);
    const { cid } = lastVm().config;
    expect(created).toBe(
      `Created debuggable VM from "app.apk"!ConfigPath("assets/vm_config.json") with CID ${cid}, state is STARTING.\n`,
    );
    expect(report("started")).toBeUndefined();
    expect(report("ready")).toBeUndefined();
    expect(report("started")).toBe("illegal in state READY");
    expect(report("finished 42")).toBeUndefined();
    lastVm().end({ kind: "shutdown" });
    const result = await tool.ended;
    expect(result.exitCode).toBe(0);
    expect(result.stderr).toBe("payload started\npayload is ready\npayload finished with exit code 42\n");
    expect(result.stdout).toBe(`${created}VM ended: Shutdown\n`);
  });

  test("console and log go to their files, and input comes from stdin", async () => {
    const args = ["--console", "console.txt", "--log", "log.txt"];
    const tool = host.start("vm", "run-app", ...args, "app.apk", "a.idsig", "a.img", ...CONFIG);
    await tool.printed(/with CID/);
    tool.write("typed on the console\n");
    lastVm().console("from the console\n");
    lastVm().log("from the log\n");
    await until("what was typed", () => lastVm().typed() !== "");
    report("started");
    lastVm().end({ kind: "reboot" });
    const { stdout } = await tool.ended;
    expect(stdout).toContain("VM ended: Reboot\n");
    expect(stdout).not.toContain("from the");
    expect(lastVm().typed()).toBe("typed on the console\n");
    expect(await readFile(join(host.folder, "console.txt"), "utf8")).toBe("from the console\n");
    expect(await readFile(join(host.folder, "log.txt"), "utf8")).toBe("from the log\n");
  });

  test("a guest that prints without end fills its file up to the limit, and continues", async () => {
    await host.run("setprop", "debug.avf.vm_output_bytes", "65536");
    const args = ["--console", "endless.txt", "--log", "short.txt"];
    const tool = host.start("vm", "run-app", ...args, "app.apk", "e.idsig", "e.img", ...CONFIG);
    await tool.printed(/with CID/);
    await host.run("setprop", "debug.avf.vm_output_bytes", "");
    lastVm().console("all work and no play\n".repeat(100_000));
    lastVm().log("from the log\n");
    report("started");
    lastVm().end({ kind: "reboot" });
    expect((await tool.ended).stdout).toContain("VM ended: Reboot\n");
    const printed = await readFile(join(host.folder, "endless.txt"), "utf8");
    expect(printed.slice(65_536)).toBe("\n[vm: this file ends here because it has 65536 bytes; the VM continues]\n");
    expect(await readFile(join(host.folder, "short.txt"), "utf8")).toBe("from the log\n");
  });

  test("the guest gets the APK, its idsig, the instance image it may write to, and its metadata", async () => {
    const tool = host.start("vm", "run-app", "app.apk", "d.idsig", "d.img", ...CONFIG, "--storage", "s.img");
    await tool.printed(/with CID/);
    const { disks, memoryMib, cpuCount, kernelParams } = lastVm().config;
    expect(disks.map(({ serial, writable }) => `${serial}${writable ? " rw" : ""}`)).toEqual([
      "system",
      "metadata",
      "microdroid-apk",
      "microdroid-apk-idsig",
      "vm-instance rw",
      "encryptedstore rw",
    ]);
    expect(memoryMib).toBe(256);
    expect(cpuCount).toBe(1);
    expect(kernelParams).toEqual(expect.arrayContaining(["quiet", "console=hvc0", "androidboot.adb.enabled=1"]));
    expect((await stat(join(host.folder, "d.img"))).size).toBe(10 * 1024 * 1024);
    tool.end("SIGKILL");
    await until("the VM to end", () => host.device.virtualization.list().length === 0);
  });

  test("the guest gets its instance id from the id file, which is made if it is missing", async () => {
    const options = ["--instance-id-file", "id", "--payload-binary-name", "X.so"];
    for (let run = 0; run < 2; run++) {
      const tool = host.start("vm", "run-app", "app.apk", "i.idsig", "i.img", ...options);
      await tool.printed(/with CID/);
      const id = await readFile(join(host.folder, "id"));
      expect(id).toHaveLength(64);
      const metadata = await readDisk(lastVm(), "metadata");
      expect(metadata).toContain(`\ninstance_id=${id.toString("hex")}\n`);
      expect(metadata).toMatch(/^device_secret=[0-9a-f]{64}$/m);
      lastVm().end({ kind: "shutdown" });
      await tool.ended;
    }
    await writeFile(join(host.folder, "id"), "cut");
    const { exitCode, stderr } = await host.run("vm", "run-app", "app.apk", "i.idsig", "i.img", ...options);
    expect(stderr).toBe("Error: failed to fill whole buffer\n");
    expect(exitCode).toBe(1);
  });

  test.each(["SIGKILL", "SIGHUP", "SIGINT"] as const)(
    "a client that ends by %s takes its VM with it",
    async (signal) => {
      const tool = host.start("vm", "run-app", "app.apk", "a.idsig", "a.img", ...CONFIG);
      await tool.printed(/with CID/);
      const { temporaryDirectory } = host.device.virtualization.list()[0]!;
      tool.end(signal);
      await until("the VM to end", () => host.device.virtualization.list().length === 0);
      const folder = host.device.paths.resolve(temporaryDirectory);
      await until("its folder to go", () => !existsSync(folder));
      expect([host.device.virtualization.list(), existsSync(folder)]).toEqual([[], false]);
    },
  );

  test("stdin at its end leaves the VM running", async () => {
    const tool = host.start("vm", "run-app", "app.apk", "a.idsig", "a.img", ...CONFIG);
    tool.end();
    await tool.printed(/with CID/);
    const list = await host.run("vm", "list");
    expect(list.stdout).toContain(`cid: ${lastVm().config.cid},`);
    lastVm().end({ kind: "crash" });
    expect((await tool.ended).stdout).toContain("VM ended: Crash\n");
  });

  test("the guest's reason for its end, and its error, reach the tool", async () => {
    const tool = host.start("vm", "run-app", "--debug", "none", "app.apk", "a.idsig", "a.img", ...CONFIG);
    expect(await tool.printed(/Created .* from/)).toBe("Created VM from");
    expect(lastVm().config.kernelParams).toContain("console=ttynull");
    report("error 3 no task");
    lastVm().failure("MICRODROID_INVALID_PAYLOAD_CONFIG|no task");
    lastVm().end({ kind: "shutdown" });
    const { stdout, stderr } = await tool.ended;
    expect(stderr).toBe("VM encountered an error: code=PayloadInvalidConfig, message=no task\n");
    expect(stdout).toContain("VM ended: MicrodroidInvalidPayloadConfig\n");
  });

  const refusals: readonly (readonly [string, readonly string[], string])[] = [
    [
      "no payload",
      ["app.apk", "r.idsig", "r.img", ...ID],
      "Either --config-path or --payload-binary-name must be defined",
    ],
    [
      "two payloads",
      ["app.apk", "r.idsig", "r.img", ...CONFIG, "--payload-binary-name", "X.so"],
      "Only one of --config-path or --payload-binary-name can be defined",
    ],
    [
      "a payload name with a path",
      ["app.apk", "r.idsig", "r.img", ...ID, "--payload-binary-name", "./X.so"],
      "Payload binary name must not specify a path",
    ],
    [
      "extra APKs without idsigs",
      ["app.apk", "r.idsig", "r.img", ...ID, "--payload-binary-name", "X.so", "--extra-apk", "app.apk"],
      "Found 1 extra apks, but there are 0 extra idsigs",
    ],
    ["no APK", ["none.apk", "r.idsig", "r.img", ...CONFIG], "Failed to open APK file"],
    ["an idsig where nobody may write", ["app.apk", "none/r.idsig", "r.img", ...CONFIG], "Failed to create idsig file"],
    ["a protected VM", ["--protected", "app.apk", "r.idsig", "r.img", ...CONFIG], "Failed to create VM"],
  ];
  test.each(refusals)("%s is an error, and nothing runs", async (_name, args, message) => {
    const { exitCode, stdout, stderr } = await host.run("vm", "run-app", ...args);
    expect(stderr).toContain(message);
    expect(stderr).toMatch(/^Error: /);
    expect(stdout).toBe("");
    expect(exitCode).toBe(1);
    expect(host.vmm.started).toEqual([]);
    expect(host.device.virtualization.list()).toEqual([]);
  });

  test("a monitor that does not start is an error, and the CID's folder is gone", async () => {
    host.vmm.startFailure = new Error("out of memory");
    const { exitCode, stderr } = await host.run("vm", "run-app", "app.apk", "a.idsig", "a.img", ...CONFIG);
    expect(stderr).toBe("Error: Failed to start VM\n\nCaused by:\n    out of memory\n");
    expect(exitCode).toBe(1);
    expect(host.device.virtualization.list()).toEqual([]);
    expect(await namesIn(host.device.paths.resolve("/data/misc/virtualizationservice"))).toEqual(["common"]);
  });

  test("each run has a CID of its own", async () => {
    const cids: number[] = [];
    for (let i = 0; i < 2; i++) {
      const tool = host.start("vm", "run-app", "app.apk", "a.idsig", "a.img", ...CONFIG);
      await tool.printed(/with CID/);
      cids.push(lastVm().config.cid);
      lastVm().end({ kind: "shutdown" });
      await tool.ended;
    }
    expect(cids[1]).toBe(cids[0]! + 1);
    const { stdout } = await host.run("getprop", "virtualizationservice.state.last_cid");
    expect(stdout).toBe(`${cids[1]}\n`);
  });
});

test.each([
  [["create-idsig", "/nope", "a.idsig"], 'Failed to open "/nope"'],
  [["create-idsig", "app.apk", "none/a.idsig"], 'Failed to create/open "none/a.idsig"'],
  [["create-partition", "none/a.img", "4096"], 'Failed to create "none/a.img"'],
  [
    ["create-partition", "-t", "instance", "p.img", "9007199254740992"],
    "Failed to initialize partition type: PartitionType(1), size: 9007199254740992",
  ],
])("vm %j says what AOSP's create_idsig.rs and create_partition.rs say", async (args, message) => {
  const { exitCode, stderr } = await host.run("vm", ...args);
  expect(stderr.split("\n")[0]).toBe(`Error: ${message}`);
  expect(exitCode).toBe(1);
});

describe("vm run-app, release 13", () => {
  beforeEach(() => host.device.identity.setRelease(13));

  test("attached: its lines, its state, its end", async () => {
    const tool = host.start("vm", "run-app", "app.apk", "b.idsig", "b.img", "assets/vm_config.json");
    await tool.printed(/state now/);
    report("started");
    report("ready");
    lastVm().end({ kind: "shutdown" });
    const { stdout, stderr, exitCode } = await tool.ended;
    expect(stdout).toBe(
      `Created VM from "app.apk"!"assets/vm_config.json" with CID ${lastVm().config.cid}, state is NOT_STARTED.\n` +
        "Started VM, state now STARTING.\nVM shutdown cleanly.\n",
    );
    expect(stderr).toBe("payload is ready\n");
    expect(exitCode).toBe(0);
  });

  test("in the background: the tool ends, the VM stays until it is stopped", async () => {
    const args = ["--daemonize", "--console", "bg.txt", "app.apk", "b.idsig", "b.img", "assets/vm_config.json"];
    const { stdout, exitCode } = await host.run("vm", "run-app", ...args);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("Started VM, state now STARTING.\n");
    lastVm().console("in the background\n");
    const cid = String(lastVm().config.cid);
    expect((await host.run("vm", "list")).stdout).toContain(`cid: ${cid},`);
    expect((await host.run("vm", "stop", cid)).exitCode).toBe(0);
    expect((await host.run("vm", "list")).stdout).toBe("Running VMs: []\n");
    await until(
      "what it printed",
      async () => (await readFile(join(host.folder, "bg.txt"), "utf8")) === "in the background\n",
    );
    const again = await host.run("vm", "stop", cid);
    expect(again.stderr).toContain("CID does not correspond to a running background VM");
    expect(again.exitCode).toBe(1);
  });

  test("usage errors exit with 1", async () => {
    expect((await host.run("vm", "run-app", "app.apk")).exitCode).toBe(1);
    host.device.identity.setRelease(15);
    expect((await host.run("vm", "run-app", "app.apk")).exitCode).toBe(2);
  });
});

test("create-partition makes a file once", async () => {
  expect((await host.run("vm", "create-partition", "new.img", "5000", "-t", "instance")).exitCode).toBe(0);
  expect((await stat(join(host.folder, "new.img"))).size).toBe(8192);
  const { stderr, exitCode } = await host.run("vm", "create-partition", "new.img", "5000");
  expect(stderr).toBe('Error: Failed to create "new.img"\n\nCaused by:\n    File exists (os error 17)\n');
  expect(exitCode).toBe(1);
});

test("create-idsig replaces what was there", async () => {
  await writeFile(join(host.folder, "old.idsig"), Buffer.alloc(100_000, "x"));
  expect((await host.run("vm", "create-idsig", "app.apk", "old.idsig")).exitCode).toBe(0);
  const idsig = await readFile(join(host.folder, "old.idsig"));
  expect(idsig.readUInt32LE(0)).toBe(2);
  expect(idsig.length).toBeLessThan(10_000);
});
