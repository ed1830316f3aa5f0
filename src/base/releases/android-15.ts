import type { ReleaseTraits } from "./traits.js";

export const ANDROID_15: ReleaseTraits = {
  sdk: 35,
  build: { id: "AP3A.241005.015", securityPatch: "2024-10-05", boardApiLevel: 202404 },
  service: { cids: { first: 2048, last: 65_535, wraps: true }, reports: "port-per-vm", formats: 15 },
  library: { configXmlVersion: 9 },
};
