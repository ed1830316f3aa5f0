import { describe, expect, test } from "@jest/globals";
import { UsageError, isHarnessError } from "../../base/errors.js";
import { VirtualMachineConfig } from "./config.js";
import { VirtualMachineCustomImageConfig } from "../custom-image/custom-image-config.js";
import { memoryContext } from "../testing/memory-service.js";
import { outcomeOf } from "../testing/outcome.js";
import type { VirtualMachineConfigBuilder } from "./config.js";
import type { ServiceCapabilities } from "../../virtualizationservice/contract.js";

const { context } = memoryContext();
const FULL = VirtualMachineConfig.DEBUG_LEVEL_FULL;
const MATCH_HOST = VirtualMachineConfig.CPU_TOPOLOGY_MATCH_HOST;

const empty = (): VirtualMachineConfigBuilder => new VirtualMachineConfig.Builder(context);
const builder = (): VirtualMachineConfigBuilder => empty().setPayloadBinaryName("payload.so").setProtectedVm(false);

type Change = (b: VirtualMachineConfigBuilder) => unknown;

describe("single values are refused when set", () => {
  const nothing = null as unknown as string;
  test.each<[string, Change, string]>([
    ["relative APK path", (b) => b.setApkPath("a.apk"), "ILLEGAL_ARGUMENT: APK path must be an absolute path"],
    ["null APK path", (b) => b.setApkPath(nothing), "NULL_ARGUMENT: apkPath must not be null"],
    ["relative idsig path", (b) => b.idsigPath("a.idsig"), "ILLEGAL_ARGUMENT: idsig path must be an absolute path"],
    ["null extra APK", (b) => b.addExtraApk(nothing), "NULL_ARGUMENT: extra APK package name must not be null"],
    [
      "null payload config",
      (b) => b.setPayloadConfigPath(nothing),
      "NULL_ARGUMENT: payloadConfigPath must not be null",
    ],
    [
      "null payload binary",
      (b) => b.setPayloadBinaryName(nothing),
      "NULL_ARGUMENT: payloadBinaryName must not be null",
    ],
    ["binary with a path", (b) => b.setPayloadBinaryName("a/b"), "ILLEGAL_ARGUMENT: Invalid binary file name: a/b"],
    ["debug level", (b) => b.setDebugLevel(-1), "ILLEGAL_ARGUMENT: Invalid debugLevel: -1"],
    ["no memory", (b) => b.setMemoryBytes(0), "ILLEGAL_ARGUMENT: Memory size must be positive"],
    ["memory that is no number", (b) => b.setMemoryBytes(NaN), "ILLEGAL_ARGUMENT: Memory size must be positive"],
    ["half a byte", (b) => b.setMemoryBytes(1.5), "ILLEGAL_ARGUMENT: Memory size must be a whole number of bytes"],
    ["CPU topology", (b) => b.setCpuTopology(2), "ILLEGAL_ARGUMENT: Invalid cpuTopology: 2"],
    ["no storage", (b) => b.setEncryptedStorageBytes(-1), "ILLEGAL_ARGUMENT: Encrypted Storage size must be positive"],
    ["null vendor image", (b) => b.setVendorDiskImage(nothing), "NULL_ARGUMENT: vendor disk image must not be null"],
    ["null OS", (b) => b.setOs(nothing), "NULL_ARGUMENT: os must not be null"],
  ])("%s", async (_what, change, failure) => {
    expect(await outcomeOf(() => change(builder()))).toBe(failure);
  });

  test("null context", async () => {
    const make = (): unknown => new VirtualMachineConfig.Builder(null as never);
    expect(await outcomeOf(make)).toBe("NULL_ARGUMENT: context must not be null");
  });

  test.each([
    [true, { protectedVm: false }, "Protected VMs are not supported on this device."],
    [false, { nonProtectedVm: false }, "Non-protected VMs are not supported on this device."],
  ])("setProtectedVm(%s) on a device without that kind", (isProtected, lacks, message) => {
    const capabilities = { protectedVm: true, nonProtectedVm: true, ...lacks } as ServiceCapabilities;
    const b = new VirtualMachineConfig.Builder({ ...context, capabilities });
    expect(() => b.setProtectedVm(isProtected)).toThrow(message);
    expect(() => b.setProtectedVm(!isProtected)).not.toThrow();
  });
});

describe("combinations are refused by build(), first rule first", () => {
  test.each<[string, () => VirtualMachineConfigBuilder]>([
    ["apkPath or packageName must be specified", () => new VirtualMachineConfig.Builder({} as never)],
    [
      "setCustomImageConfig and (setPayloadBinaryName or setPayloadConfigPath) may not both be called",
      () => builder().setCustomImageConfig(new VirtualMachineCustomImageConfig.Builder().build()),
    ],
    ["setPayloadBinaryName must be called", empty],
    [
      "setPayloadConfigPath and addExtraApk may not both be called",
      () => empty().setPayloadConfigPath("c.json").addExtraApk("p"),
    ],
    [
      "setPayloadBinaryName and setPayloadConfigPath may not both be called",
      () => empty().setPayloadBinaryName("a").setPayloadConfigPath("c.json"),
    ],
    ["setProtectedVm must be called explicitly", () => empty().setPayloadBinaryName("a").setVmOutputCaptured(true)],
    ["debug level must be FULL to capture output", () => builder().setVmOutputCaptured(true)],
    ["debug level must be FULL to use console input", () => builder().setVmConsoleInputSupported(true)],
    ["debug level must be FULL to connect to the console", () => builder().setConnectVmConsole(true)],
    ["network is not supported on pVM", () => builder().setProtectedVm(true).setNetworkSupported(true)],
  ])("%s", async (message, make) => {
    expect(await outcomeOf(() => make().build())).toBe(`ILLEGAL_STATE: ${message}`);
  });

  test("the error is a usage error, whichever realm looks at it", () => {
    let error: unknown;
    try {
      empty().build();
    } catch (thrown) {
      error = thrown;
    }
    expect(isHarnessError(error) && error.kind).toBe("usage");
    expect(error).toBeInstanceOf(UsageError);
  });
});

describe("what a config holds", () => {
  test("defaults of Android 15", () => {
    const config = builder().build();
    expect(config.fields).toEqual({
      packageName: "com.example",
      apkPath: undefined,
      idsigPath: undefined,
      extraApks: [],
      payloadConfigPath: undefined,
      payloadBinaryName: "payload.so",
      customImageConfig: undefined,
      debugLevel: 0,
      protectedVm: false,
      memoryBytes: 0,
      cpuTopology: 0,
      encryptedStorageBytes: 0,
      vmOutputCaptured: false,
      vmConsoleInputSupported: false,
      connectVmConsole: false,
      consoleInputDevice: undefined,
      vendorDiskImagePath: undefined,
      os: "microdroid",
      networkSupported: false,
      shouldBoostUclamp: false,
      shouldUseHugepages: false,
      encryptedStoreMode: 0,
      shouldRamdump: true,
    });
    expect(config.isEncryptedStorageEnabled()).toBe(false);
  });

  test("getters give what was set", () => {
    const config = empty()
      .setApkPath("/data/local/tmp/a.apk")
      .setPayloadConfigPath("assets/c.json")
      .setProtectedVm(true)
      .setDebugLevel(FULL)
      .setMemoryBytes(1000)
      .setCpuTopology(MATCH_HOST)
      .setEncryptedStorageBytes(2000)
      .setVmOutputCaptured(true)
      .setVmConsoleInputSupported(true)
      .setConnectVmConsole(true)
      .setConsoleInputDevice("ttyS0")
      .setVendorDiskImage("/data/v.img")
      .setOs("microdroid_gki-6.1")
      .setShouldBoostUclamp(true)
      .idsigPath("/data/local/tmp/a.idsig")
      .build();
    expect({
      package: config.fields.packageName,
      apk: config.getApkPath(),
      idsig: config.getIdsigPath(),
      config: config.getPayloadConfigPath(),
      binary: config.getPayloadBinaryName(),
      protected: config.isProtectedVm(),
      debug: config.getDebugLevel(),
      memory: config.getMemoryBytes(),
      cpus: config.getCpuTopology(),
      storage: [config.isEncryptedStorageEnabled(), config.getEncryptedStorageBytes()],
      console: [config.isVmOutputCaptured(), config.isVmConsoleInputSupported(), config.isConnectVmConsole()],
      device: config.fields.consoleInputDevice,
      vendor: config.fields.vendorDiskImagePath,
      os: config.getOs(),
      network: config.isNetworkSupported(),
      boost: config.fields.shouldBoostUclamp,
    }).toEqual({
      // An APK path makes the package name meaningless, and Android drops it.
      package: undefined,
      apk: "/data/local/tmp/a.apk",
      idsig: "/data/local/tmp/a.idsig",
      config: "assets/c.json",
      binary: undefined,
      protected: true,
      debug: 1,
      memory: 1000,
      cpus: 1,
      storage: [true, 2000],
      console: [true, true, true],
      device: "ttyS0",
      vendor: "/data/v.img",
      os: "microdroid_gki-6.1",
      network: false,
      boost: true,
    });
  });

  test("a config does not change with the builder it came from", () => {
    const b = builder().addExtraApk("one");
    const first = b.build();
    const second = b.addExtraApk("two").setMemoryBytes(1).build();
    expect([first.getExtraApks(), first.getMemoryBytes()]).toEqual([["one"], 0]);
    expect([second.getExtraApks(), second.getMemoryBytes()]).toEqual([["one", "two"], 1]);
    expect(() => (first.getExtraApks() as string[]).push("three")).toThrow(TypeError);
  });
});

describe("the first API's builder", () => {
  const firstApi = (): VirtualMachineConfigBuilder => new VirtualMachineConfig.Builder(context, "assets/c.json");

  test("needs nothing but the payload config", () => {
    const config = firstApi().build();
    expect(config.getPayloadConfigPath()).toBe("assets/c.json");
    expect([config.getDebugLevel(), config.isVmOutputCaptured(), config.isProtectedVm()]).toEqual([1, true, false]);
  });

  test("captures nothing once the debug level is NONE", () => {
    expect(firstApi().setDebugLevel(0).build().isVmOutputCaptured()).toBe(false);
  });

  test("follows explicit settings", () => {
    const asked = firstApi().setDebugLevel(0).setVmOutputCaptured(true);
    expect(() => asked.build()).toThrow("debug level must be FULL to capture output");
    expect(firstApi().setVmOutputCaptured(false).build().isVmOutputCaptured()).toBe(false);
  });
});

describe("isCompatibleWith", () => {
  const base = (): VirtualMachineConfigBuilder => builder().setDebugLevel(FULL);
  const compatible: readonly [string, Change][] = [
    ["memory", (b) => b.setMemoryBytes(1)],
    ["CPU topology", (b) => b.setCpuTopology(MATCH_HOST)],
    ["network", (b) => b.setNetworkSupported(true)],
    ["uclamp boost", (b) => b.setShouldBoostUclamp(true)],
    ["idsig path", (b) => b.idsigPath("/a")],
  ];
  const incompatible: readonly [string, Change][] = [
    ["debug level", (b) => b.setDebugLevel(0)],
    ["protection", (b) => b.setProtectedVm(true)],
    ["encrypted storage", (b) => b.setEncryptedStorageBytes(1)],
    ["captured output", (b) => b.setVmOutputCaptured(true)],
    ["console input", (b) => b.setVmConsoleInputSupported(true)],
    ["connected console", (b) => b.setConnectVmConsole(true)],
    ["console input device", (b) => b.setConsoleInputDevice("ttyS0")],
    ["a vendor image", (b) => b.setVendorDiskImage("/v.img")],
    ["payload binary", (b) => b.setPayloadBinaryName("other.so")],
    ["APK path, which drops the package", (b) => b.setApkPath("/a.apk")],
    ["OS", (b) => b.setOs("other")],
    ["extra APKs", (b) => b.addExtraApk("p")],
  ];
  const changed = (change: Change): VirtualMachineConfig => {
    const b = base();
    change(b);
    return b.build();
  };

  test.each(compatible)("%s may differ", (_what, change) => {
    expect(base().build().isCompatibleWith(changed(change))).toBe(true);
    expect(changed(change).isCompatibleWith(base().build())).toBe(true);
  });

  test.each(incompatible)("%s may not", (_what, change) => {
    expect(base().build().isCompatibleWith(changed(change))).toBe(false);
    expect(changed(change).isCompatibleWith(base().build())).toBe(false);
  });

  test("payload config path, order of extra APKs, path of the vendor image, path of the APK", () => {
    const config = (path: string): VirtualMachineConfig =>
      empty().setPayloadConfigPath(path).setProtectedVm(false).build();
    expect(config("a").isCompatibleWith(config("b"))).toBe(false);
    const extras = (...names: string[]): VirtualMachineConfig =>
      names.reduce((b, name) => b.addExtraApk(name), builder()).build();
    expect(extras("a", "b").isCompatibleWith(extras("b", "a"))).toBe(false);
    expect(extras("a", "b").isCompatibleWith(extras("a", "b"))).toBe(true);
    const vendor = (path: string): VirtualMachineConfig => builder().setVendorDiskImage(path).build();
    expect(vendor("/a").isCompatibleWith(vendor("/b"))).toBe(true);
    const apk = (path: string): VirtualMachineConfig => builder().setApkPath(path).build();
    expect(apk("/a").isCompatibleWith(apk("/b"))).toBe(true);
  });
});
