import { ANDROID_16 } from "./android-16.js";
import type { CustomImageTraits, ReleaseTraits } from "./traits.js";

const { build, library, service } = ANDROID_16;

const CUSTOM_IMAGE: CustomImageTraits = {
  ...library.customImage,
  strings: [...library.customImage.strings, "os_name"],
  bundles: [...library.customImage.bundles, "smbios"],
  stringArrays: ["pflash"],
  disks: "ids",
};

export const ANDROID_17 = {
  sdk: 37,
  build: { ...build, id: "CP41.260828.004", securityPatch: "2026-08-05", boardApiLevel: 202604 },
  service,
  library: {
    ...library,
    configXmlKeys: [...library.configXmlKeys, "encryptedStoreMode", "shouldRamdump"],
    // The path of the payload config is not compared any more.
    comparedFields: [
      ...library.comparedFields.filter((field) => field !== "payloadConfigPath"),
      "encryptedStoreMode" as const,
    ],
    runsWithoutFolder: true,
    saysTakenName: true,
    readsTenants: true,
    captureNeedsFullDebug: false,
    customImage: CUSTOM_IMAGE,
  },
} as const satisfies ReleaseTraits;
