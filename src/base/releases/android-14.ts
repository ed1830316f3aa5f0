import { ANDROID_13 } from "./android-13.js";
import type { ReleaseTraits, ServiceTraits } from "./traits.js";

const SERVICE: ServiceTraits = {
  vmLife: "attached",
  cids: { first: 2048, last: 65_535, wraps: true },
  log: { tag: "virtmgr", crate: "virtualizationmanager" },
  reports: "port-per-vm",
  formats: 15,
};

export const ANDROID_14: ReleaseTraits = {
  sdk: 34,
  build: { ...ANDROID_13.build, id: "UQ1A.240105.004", securityPatch: "2024-01-05", boardApiLevel: 34 },
  service: SERVICE,
  library: {
    configXmlVersion: 6,
    configXmlKeys: [],
    comparedFields: [
      ...(["debugLevel", "protectedVm", "encryptedStorageBytes", "vmOutputCaptured"] as const),
      ...(["payloadConfigPath", "payloadBinaryName", "packageName", "apkPath"] as const),
    ],
    filesMissing: "Failed to generate APK signature",
    runsWithoutFolder: false,
    saysTakenName: false,
    readsTenants: false,
    captureNeedsFullDebug: true,
    payloadConfigExcludesExtraApks: false,
    customImage: undefined,
  },
};
