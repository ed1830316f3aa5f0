/** What a run asks of the service, and what its failures look like. */
import { describe, expect, test } from "@jest/globals";
import { HarnessError, InfrastructureError } from "../../base/errors.js";
import { VirtualMachineConfig } from "../config/config.js";
import { VirtualMachineCustomImageConfig } from "../custom-image/custom-image-config.js";
import { FEATURE_LLPVM_CHANGES } from "../constants.js";
import { VirtualMachineManager } from "../manager.js";
import { APK, memoryContext } from "../testing/memory-service.js";
import { outcomeOf } from "../testing/outcome.js";
import { setUp, type Setup, type SetupOptions } from "../testing/run-setup.js";
import type { VirtualMachineConfigBuilder } from "../config/config.js";

const { Builder: ImageBuilder, Disk, Partition } = VirtualMachineCustomImageConfig;
const ROOT = "/data/avf/com.example/vm/vm1";

const binary = (b: VirtualMachineConfigBuilder): VirtualMachineConfigBuilder =>
  new VirtualMachineConfig.Builder({ packageName: b.build().fields.packageName! })
    .setPayloadBinaryName("payload.so")
    .setProtectedVm(false);

const custom = (image: VirtualMachineCustomImageConfig): VirtualMachineConfigBuilder =>
  new VirtualMachineConfig.Builder({ packageName: "com.example" })
    .setCustomImageConfig(image)
    .setDebugLevel(VirtualMachineConfig.DEBUG_LEVEL_FULL)
    .setProtectedVm(false);

describe("what the service gets to run", () => {
  test("the smallest config", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    expect(service.vm.config).toEqual({
      name: "vm1",
      apkPath: APK,
      idsigPath: `${ROOT}/idsig`,
      instanceImagePath: `${ROOT}/instance.img`,
      instanceIdPath: undefined,
      payload: { kind: "config", configPath: "assets/vm_config.json" },
      extraApks: [],
      debugLevel: "full",
      protectedVm: false,
      memoryMib: undefined,
      cpuTopology: "one_cpu",
      encryptedStorage: undefined,
      osName: "microdroid",
      consoleInput: false,
      vendorImagePath: undefined,
      networkSupported: false,
      scratchPath: expect.stringMatching(/^\/data\/avf\/com\.example\/vm\/vm1\/run-[0-9a-f]{8}$/) as unknown,
    });
  });

  test("everything that can be set", async () => {
    const { vm, service } = await setUp({
      features: [FEATURE_LLPVM_CHANGES],
      change: (b) =>
        b.setProtectedVm(true).setCpuTopology(1).setEncryptedStorageBytes(5000).setVmConsoleInputSupported(true),
    });
    await vm.run();
    expect(service.vm.config).toMatchObject({
      instanceIdPath: `${ROOT}/instance_id`,
      protectedVm: true,
      cpuTopology: "match_host",
      encryptedStorage: { path: `${ROOT}/storage.img`, sizeBytes: 5000 },
      consoleInput: true,
    });
  });

  test.each([
    [1, 1],
    [1 << 20, 1],
    [(1 << 20) + 1, 2],
    [192 << 20, 192],
  ])("%i bytes of memory are %i MiB", async (memoryBytes, memoryMib) => {
    const { vm, service } = await setUp({ change: (b) => b.setMemoryBytes(memoryBytes) });
    await vm.run();
    expect(service.vm.config.memoryMib).toBe(memoryMib);
  });

  test("a payload binary, not debuggable", async () => {
    const { vm, service } = await setUp({ change: binary });
    await vm.run();
    expect(service.vm.config).toMatchObject({
      payload: { kind: "binary", binaryName: "payload.so" },
      debugLevel: "none",
    });
  });

  test("a new config counts from the next run", async () => {
    const { vm, service } = await setUp();
    await vm.run();
    await vm.stop();
    const builder = new VirtualMachineConfig.Builder({ packageName: "com.example" }, "assets/vm_config.json");
    await vm.setConfig(builder.setMemoryBytes(64 << 20).build());
    await vm.run();
    expect(service.vms.map((run) => run.config.memoryMib)).toEqual([undefined, 64]);
  });
});

describe("idsig files", () => {
  test("one that is absent is made at the first run, not at create, and kept", async () => {
    const { vm, service } = await setUp();
    expect(await service.files.exists(`${ROOT}/idsig`)).toBe(false);
    await vm.run();
    expect(String(await service.files.read(`${ROOT}/idsig`))).toBe(`idsig of ${APK}`);
    await vm.stop();
    await vm.run();
    expect(service.files.calls.filter((call) => call === `write ${ROOT}/idsig`)).toHaveLength(1);
  });

  test("one that was put on the device is used as it is", async () => {
    const idsigPath = "/data/local/tmp/virt/a.apk.idsig";
    const { vm, service } = await setUp({ change: (b) => b.idsigPath(idsigPath) });
    service.files.entries.set(idsigPath, Buffer.from("by apksigner"));
    await vm.run();
    expect(service.vm.config.idsigPath).toBe(idsigPath);
    expect(String(await service.files.read(idsigPath))).toBe("by apksigner");
    expect(await service.files.exists(`${ROOT}/idsig`)).toBe(false);
  });
});

describe("APKs", () => {
  test("of another package: its config decides", async () => {
    const other = { packageName: "com.other" };
    const { vm, service } = await setUp({
      change: () => new VirtualMachineConfig.Builder(other, "assets/vm_config.json"),
      context: { resolvePackage: async (name) => (name === "com.other" ? "/data/app/other.apk" : undefined) },
    });
    service.files.entries.set("/data/app/other.apk", Buffer.from("apk"));
    await vm.run();
    expect(service.vm.config.apkPath).toBe("/data/app/other.apk");
  });

  test("of a package that is not installed", async () => {
    const other = { packageName: "com.other" };
    const { vm } = await setUp({ change: () => new VirtualMachineConfig.Builder(other, "assets/vm_config.json") });
    expect(await outcomeOf(() => vm.run())).toMatch(/^PACKAGE_NOT_FOUND: Package not found\n/);
  });

  test("extra ones, by package", async () => {
    const { vm, service } = await setUp({
      change: (b) => binary(b).addExtraApk("com.a").addExtraApk("com.example"),
      context: { resolvePackage: async (name) => `/data/app/${name}.apk` },
    });
    service.files.entries.set("/data/app/com.a.apk", Buffer.from("apk"));
    await vm.run();
    expect(service.vm.config.extraApks).toEqual([
      { apkPath: "/data/app/com.a.apk", idsigPath: `${ROOT}/extra_idsig_0` },
      { apkPath: APK, idsigPath: `${ROOT}/extra_idsig_1` },
    ]);
    expect(String(await service.files.read(`${ROOT}/extra_idsig_0`))).toBe("idsig of /data/app/com.a.apk");
  });

  test("an extra one that is not installed", async () => {
    const made = outcomeOf(() => setUp({ change: (b) => binary(b).addExtraApk("com.a") }));
    expect(await made).toMatch(/^EXTRA_APK_NOT_FOUND: Extra APK package not found\n/);
  });

  const withConfig = (json: string): SetupOptions => ({
    context: {
      readApkEntry: async (_apk, entry) => (entry === "assets/vm_config.json" ? Buffer.from(json) : undefined),
    },
  });

  test("extra ones, by the payload config in the APK", async () => {
    const { vm, service } = await setUp(withConfig('{"extra_apks":[{"path":"/system/app/b.apk"}]}'));
    service.files.entries.set("/system/app/b.apk", Buffer.from("apk"));
    await vm.run();
    expect(service.vm.config.extraApks).toEqual([{ apkPath: "/system/app/b.apk", idsigPath: `${ROOT}/extra_idsig_0` }]);
  });

  test.each(["{}", '{"extra_apks":[]}', '{"os":{"name":"microdroid"}}'])("none, by %s", async (json) => {
    const { vm, service } = await setUp(withConfig(json));
    await vm.run();
    expect(service.vm.config.extraApks).toEqual([]);
  });

  const BAD = "EXTRA_APKS_INVALID: Couldn't parse extra apks from the vm config";
  test.each([
    ["", BAD],
    ["[]", "ILLEGAL_STATE: Expected BEGIN_OBJECT but was BEGIN_ARRAY"],
    ["3", BAD],
    ['{"a":1,}', BAD],
    ['{"extra_apks":{}}', "ILLEGAL_STATE: Expected BEGIN_ARRAY but was BEGIN_OBJECT"],
    ['{"extra_apks":null}', "ILLEGAL_STATE: Expected BEGIN_ARRAY but was NULL"],
    ['{"extra_apks":[{}]}', "ILLEGAL_STATE: Expected a name but was END_OBJECT"],
    ['{"extra_apks":[{"path":"/a","other":1}]}', "ILLEGAL_STATE: Expected END_OBJECT but was NAME"],
  ])("a payload config that says %j is refused when the VM is made", async (json, failure) => {
    expect((await outcomeOf(() => setUp(withConfig(json)))).split("\n")[0]).toBe(failure);
  });

  test("an extra one without a slash is found from the root", async () => {
    const { vm, service } = await setUp(withConfig('{"extra_apks":[{"path":"e.apk"}]} and more'));
    service.files.entries.set("/e.apk", Buffer.from("apk"));
    await vm.run();
    expect(service.vm.config.extraApks).toMatchObject([{ apkPath: "/e.apk" }]);
  });

  test("a payload config is read in the app's own APK; where that has none, in the one that is to run", async () => {
    const read: string[] = [];
    const setUpWith = (content: Buffer | undefined): Promise<Setup> =>
      setUp({
        context: {
          readApkEntry: async (apk, entry) => {
            read.push(`${apk} ${entry}`);
            return apk === APK ? undefined : content;
          },
        },
        change: (b) => b.setApkPath("/data/app/other.apk"),
      });
    expect(await outcomeOf(() => setUpWith(undefined))).toMatch(
      /^NULL_ARGUMENT: \/data\/app\/other\.apk has no assets\/vm_config\.json: npx avf apk show/,
    );
    expect(read).toEqual([`${APK} assets/vm_config.json`, "/data/app/other.apk assets/vm_config.json"]);
    expect((await setUpWith(Buffer.from("{}"))).vm.status).toBe("STOPPED");
  });

  test("that are missing are reported in the order in which Android opens them", async () => {
    const { vm, service } = await setUp({
      change: (b) => binary(b).addExtraApk("com.a"),
      context: { resolvePackage: async (name) => `/data/app/${name}.apk` },
    });
    expect(await outcomeOf(() => vm.run())).toMatch(/^EXTRA_APK_NOT_FOUND: Failed to open extra APK\n/);
    expect(String(await service.files.read(`${ROOT}/idsig`))).toBe(`idsig of ${APK}`);
    // As Android leaves them, which makes them first.
    expect(String(await service.files.read(`${ROOT}/extra_idsig_0`))).toBe("");
    await service.files.remove(`${ROOT}/idsig`);
    await service.files.remove(`${ROOT}/instance.img`);
    expect(await outcomeOf(() => vm.run())).toMatch(/^FILES_MISSING: failed to persist files\n/);
    await service.files.remove(APK);
    expect(await outcomeOf(() => vm.run())).toMatch(/^APK_NOT_FOUND: Failed to open APK\n/);
    expect(String(await service.files.read(`${ROOT}/idsig`))).toBe("");
  });
});

describe("a VM whose files were removed", () => {
  test.each(["instance.img", "instance_id", "storage.img"])("does not run without %s", async (file) => {
    const { vm, service } = await setUp({
      features: [FEATURE_LLPVM_CHANGES],
      change: (b) => b.setEncryptedStorageBytes(5000),
    });
    await service.files.remove(`${ROOT}/${file}`);
    expect(await outcomeOf(() => vm.run())).toMatch(
      new RegExp(`^FILES_MISSING: failed to persist files\n.*has no ${file.replace(".", "\\.")}: `),
    );
    expect(service.vms).toEqual([]);
  });
});

describe("a start that fails", () => {
  test("without the APK", async () => {
    const { vm, service } = await setUp();
    service.files.entries.delete(APK);
    expect(await outcomeOf(() => vm.run())).toMatch(/^APK_NOT_FOUND: Failed to open APK\n.*is not on the device/);
    expect(service.vms).toEqual([]);
  });

  test.each(["kernel", "initrd", "disk.img", "part.img"])("of its own kernel, without its %s", async (file) => {
    const path = (name: string): string => `/data/local/tmp/${name}`;
    const disk = Disk.RODisk(null).addPartition(new Partition("a", path("part.img"), false, null));
    const image = new ImageBuilder()
      .setKernelPath(path("kernel"))
      .setInitrdPath(path("initrd"))
      .addDisk(Disk.RODisk(path("disk.img")))
      .addDisk(disk)
      .build();
    const { vm, service } = await setUp({
      change: () => custom(image),
    });
    for (const name of ["kernel", "initrd", "disk.img", "part.img"])
      service.files.entries.set(path(name), Buffer.alloc(1));
    service.files.entries.delete(path(file));
    service.onStart = () => {
      throw new HarnessError("vm", "VM_TOOL_FAILED", "Failed to open: No such file or directory (os error 2)");
    };
    const error = await vm.run().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ kind: "usage", code: "START_FAILED", hint: `${path(file)} is not on the device.` });
  });

  test("with an idsig that cannot be made", async () => {
    const { vm, service } = await setUp();
    service.files.failOnce("write", /idsig$/, new Error("Failed to create idsig file"));
    expect(await outcomeOf(() => vm.run())).toBe("IDSIG_FAILED: Failed to generate APK signature");
  });

  test("in the service: named, with its message, and nothing left; the next try works", async () => {
    const { vm, service } = await setUp();
    service.onStart = (run) => {
      run.print("last words");
      throw new HarnessError("vm", "VM_TOOL_FAILED", "Failed to create VM");
    };
    expect(await outcomeOf(() => vm.run())).toBe('START_FAILED: failed to start VM "vm1": Failed to create VM');
    expect(vm.status).toBe("STOPPED");
    expect(vm.transitions).toHaveLength(1);
    expect(vm.output.lines().map(({ text }) => text)).toEqual(["last words"]);
    expect([...service.files.entries.keys()].filter((path) => path.includes("/run-"))).toEqual([]);
    service.onStart = () => undefined;
    await vm.run();
    expect(vm.status).toBe("RUNNING");
  });

  test("because of a missing permission", async () => {
    const { vm, service } = await setUp();
    service.onStart = () => {
      throw new HarnessError("vm", "VM_PERMISSION", "lacks android.permission.USE_CUSTOM_VIRTUAL_MACHINE");
    };
    const failure = "PERMISSION_DENIED: lacks android.permission.USE_CUSTOM_VIRTUAL_MACHINE";
    expect(await outcomeOf(() => vm.run())).toBe(failure);
  });

  test("because of a missing permission while files are made: a SecurityException too, at create and at run", async () => {
    const lacks = "lacks android.permission.MANAGE_VIRTUAL_MACHINE";
    const refusal = new HarnessError("vm", "VM_PERMISSION", lacks);
    const { context, service } = memoryContext();
    const manager = VirtualMachineManager.getInstance(context);
    const config = new VirtualMachineConfig.Builder(context, "assets/vm_config.json").build();
    service.failPartition = refusal;
    expect(await outcomeOf(() => manager.create("vm1", config))).toBe(`PERMISSION_DENIED: ${lacks}`);
    expect(service.files.entries.has(ROOT)).toBe(false);
    service.failPartition = undefined;
    const vm = await manager.create("vm1", config);
    service.files.failOnce("write", /idsig$/, refusal);
    expect(await outcomeOf(() => vm.run())).toBe(`PERMISSION_DENIED: ${lacks}`);
    // What the file system forbids is no permission of Android's.
    service.failPartition = new HarnessError("vm", "VM_PERMISSION", "create-partition lacks a permission: EACCES");
    expect(await outcomeOf(() => manager.create("vm2", config))).toMatch(/^CREATE_FAILED: /);
  });

  test("because the device is gone: the lab's fault, not the VM's", async () => {
    const { vm, service } = await setUp();
    service.onStart = () => {
      throw new InfrastructureError("DEVICE_GONE", "device emulator-1 is gone");
    };
    expect(await vm.run().catch((e: unknown) => e)).toMatchObject({ kind: "infrastructure", vmName: "vm1" });
  });

  test("because it was cancelled", async () => {
    const { vm } = await setUp();
    const reason = new Error("test is over");
    await expect(vm.run({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(vm.status).toBe("STOPPED");
  });

  test("a capability that went away since create is refused before anything is started", async () => {
    const { vm, service } = await setUp();
    service.answers = { nonProtectedVm: false };
    expect(await outcomeOf(() => vm.run())).toMatch(/^UNSUPPORTED_OPERATION: Non-protected VMs are not supported/);
    expect(service.vms).toEqual([]);
  });
});
