import type { ReleaseTraits } from "./traits.js";

export const ANDROID_13: ReleaseTraits = {
  sdk: 33,
  build: { id: "TQ3A.230901.001", securityPatch: "2023-09-01", boardApiLevel: 33 },
  service: {
    vmLife: "daemon",
    cids: { first: 10, last: 0xffff_fffe, wraps: false },
    log: { tag: "VirtualizationService", crate: "virtualizationservice" },
    reports: "shared-port",
    formats: 13,
  },
  library: {
    configXmlVersion: 1,
    configXmlKeys: [],
    // And the certificates that the APK is signed with, which the library on the host does not know.
    comparedFields: ["debugLevel", "protectedVm"],
    filesMissing: "failed to persist files",
    runsWithoutFolder: false,
    saysTakenName: false,
    readsTenants: false,
    captureNeedsFullDebug: true,
    payloadConfigExcludesExtraApks: false,
    customImage: undefined,
  },
};
