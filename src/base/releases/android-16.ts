import { ANDROID_15 } from "./android-15.js";
import type { CustomImageTraits, ReleaseTraits } from "./traits.js";

const { build, library, service } = ANDROID_15;

const CUSTOM_IMAGE: CustomImageTraits = {
  ...library.customImage,
  booleans: [...library.customImage.booleans, "network", "trackpad", "auto_memory_balloon"],
  unreadBooleans: ["switches"],
  bundles: [...library.customImage.bundles, "audio_config", "usb_config"],
  disks: "partitions",
};

export const ANDROID_16 = {
  sdk: 36,
  build: { ...build, id: "BP2A.250605.031", securityPatch: "2025-06-05", boardApiLevel: 202504 },
  service,
  library: {
    ...library,
    configXmlVersion: 10,
    configXmlKeys: [...library.configXmlKeys.filter((key) => key !== "networkSupported"), "shouldUseHugepages"],
    comparedFields: library.comparedFields.filter((field) => field !== "encryptedStorageBytes"),
    customImage: CUSTOM_IMAGE,
  },
} as const satisfies ReleaseTraits;
