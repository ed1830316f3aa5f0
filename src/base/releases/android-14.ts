import type { ReleaseTraits } from "./traits.js";

export const ANDROID_14: ReleaseTraits = {
  sdk: 34,
  library: { configXmlVersion: 6 },
};
