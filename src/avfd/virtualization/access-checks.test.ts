import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { FileHandle } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemPackages, VM_PERMISSIONS } from "../packages/package-record.js";
import { PackageStore } from "../packages/package-store.js";
import { grantPermission, PermissionError, revokePermission } from "../packages/permissions.js";
import type { AndroidRelease } from "../../base/android-release.js";
import { checkAccess } from "./access-checks.js";
import type { AppVmConfig } from "./vm-config.js";

const SHELL = 2000;
const file = {} as FileHandle;
const plain: AppVmConfig = {
  name: "vm",
  apk: file,
  idsig: file,
  extraApks: [],
  instanceImage: file,
  instanceId: undefined,
  encryptedStorage: undefined,
  payload: { kind: "binary", binaryName: "X.so" },
  osName: "microdroid",
  debugLevel: "full",
  protectedVm: false,
  memoryMib: 0,
  cpuCount: 1,
  gdbPort: undefined,
  hasCustomConfig: false,
  earlyConsole: false,
  wantsDeviceTree: false,
  hostServices: [],
};

let packages: PackageStore;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "packages-"));
  packages = new PackageStore(join(folder, "packages.json"), systemPackages(35));
});

afterEach(() => rm(folder, { recursive: true }));

const refusal = (config: AppVmConfig, uid = SHELL, release: AndroidRelease = 15): string => {
  try {
    checkAccess(packages, config, { uid, release });
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

describe("who may create a VM", () => {
  test("the shell of a userdebug build may, and so may root", () => {
    expect(refusal({ ...plain, hasCustomConfig: true })).toBe("");
    expect(refusal({ ...plain, hasCustomConfig: true }, 0)).toBe("");
  });

  test("a user without a package may not", () => {
    expect(refusal(plain, 10_123)).toContain(VM_PERMISSIONS.manage);
  });

  test("without MANAGE nothing goes", async () => {
    await revokePermission(packages, "com.android.shell", VM_PERMISSIONS.manage);
    expect(refusal(plain)).toBe(
      "Status(-1, EX_SECURITY): 'does not have the android.permission.MANAGE_VIRTUAL_MACHINE permission'",
    );
    await grantPermission(packages, "com.android.shell", VM_PERMISSIONS.manage);
    expect(refusal(plain)).toBe("");
  });

  test.each([
    ["a custom config", { hasCustomConfig: true }],
    ["a config file", { payload: { kind: "config", configPath: "assets/c.json" } }],
    ["extra APKs", { extraApks: [{ apk: file, idsig: file }] }],
    ["another OS", { osName: "microdroid_gki-android14-6.1" }],
  ] as const)("without USE_CUSTOM, %s is refused, a plain payload is not", async (_name, change) => {
    await revokePermission(packages, "com.android.shell", VM_PERMISSIONS.useCustom);
    expect(refusal(plain)).toBe("");
    expect(refusal({ ...plain, ...change })).toContain(VM_PERMISSIONS.useCustom);
  });

  test("gdb needs FULL debug", () => {
    expect(refusal({ ...plain, gdbPort: 1234 })).toBe("");
    const none = { ...plain, gdbPort: 1234, debugLevel: "none" } as const;
    expect(refusal(none)).toBe("Status(-1, EX_SECURITY): 'Can't use gdb with non-debuggable VMs'");
    expect(refusal(none, SHELL, 14)).toBe("Status(-1, EX_SECURITY): 'can't use gdb with non-debuggable VMs'");
    expect(refusal({ ...none, protectedVm: true })).toContain("'Can't use gdb with protected VMs'");
  });
});

describe("granting", () => {
  test("only what a package asks for, and only to packages that are there", async () => {
    await expect(grantPermission(packages, "com.android.shell", "android.permission.INTERNET")).rejects.toThrow(
      new PermissionError(
        "java.lang.SecurityException",
        "Package com.android.shell has not requested permission android.permission.INTERNET",
      ),
    );
    await expect(grantPermission(packages, "com.nobody", VM_PERMISSIONS.manage)).rejects.toThrow(
      "Unknown package: com.nobody",
    );
  });
});
