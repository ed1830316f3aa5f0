import type { ReleaseTraits } from "./traits.js";

export const ANDROID_15: ReleaseTraits = {
  sdk: 35,
  library: { configXmlVersion: 9 },
};
