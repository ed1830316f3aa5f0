import type { ReleaseTraits } from "./traits.js";

export const ANDROID_16: ReleaseTraits = {
  sdk: 36,
  build: { id: "BP2A.250605.031", securityPatch: "2025-06-05", boardApiLevel: 202504 },
  service: { cids: { first: 2048, last: 65_535, wraps: true }, reports: "port-per-vm", formats: 15 },
  library: { configXmlVersion: 10 },
};
