import type { ReleaseTraits } from "./traits.js";

export const ANDROID_16: ReleaseTraits = {
  sdk: 36,
  library: { configXmlVersion: 10 },
};
