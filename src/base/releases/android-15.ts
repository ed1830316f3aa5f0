import { ANDROID_14 } from "./android-14.js";
import type { ConfigXmlKey, CustomImageTraits, LibraryTraits, ReleaseTraits } from "./traits.js";

const KEYS: readonly ConfigXmlKey[] = [
  ...(["os", "extraApks", "vendorDiskImagePath", "consoleInputDevice"] as const),
  ...(["vmConsoleInputSupported", "connectVmConsole", "shouldBoostUclamp"] as const),
  ...(["customImageConfig", "networkSupported"] as const),
];

const COMPARED: LibraryTraits["comparedFields"] = [
  ...(["debugLevel", "protectedVm", "encryptedStorageBytes", "vmOutputCaptured"] as const),
  ...(["vmConsoleInputSupported", "connectVmConsole", "consoleInputDevice", "hasVendorDiskImage"] as const),
  ...(["payloadConfigPath", "payloadBinaryName", "packageName", "os", "extraApks"] as const),
];

const CUSTOM_IMAGE: CustomImageTraits = {
  strings: ["name", "kernel", "initrd", "bootloader"],
  booleans: ["touch", "keyboard", "mouse"],
  unreadBooleans: [],
  bundles: ["display_config", "gpu"],
  stringArrays: [],
  disks: "images",
};

export const ANDROID_15 = {
  sdk: 35,
  build: { ...ANDROID_14.build, id: "AP3A.241005.015", securityPatch: "2024-10-05", boardApiLevel: 202404 },
  service: ANDROID_14.service,
  library: {
    configXmlVersion: 9,
    configXmlKeys: KEYS,
    comparedFields: COMPARED,
    filesMissing: "failed to persist files",
    runsWithoutFolder: false,
    saysTakenName: false,
    readsTenants: false,
    captureNeedsFullDebug: true,
    payloadConfigExcludesExtraApks: true,
    customImage: CUSTOM_IMAGE,
  },
} as const satisfies ReleaseTraits;
