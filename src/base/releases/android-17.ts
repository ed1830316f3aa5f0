import type { ReleaseTraits } from "./traits.js";

export const ANDROID_17: ReleaseTraits = {
  sdk: 37,
  library: { configXmlVersion: 10 },
};
