import type { ReleaseTraits } from "./traits.js";

export const ANDROID_13: ReleaseTraits = {
  sdk: 33,
  library: { configXmlVersion: 1 },
};
