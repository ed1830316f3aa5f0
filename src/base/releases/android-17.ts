import type { ReleaseTraits } from "./traits.js";

export const ANDROID_17: ReleaseTraits = {
  sdk: 37,
  build: { id: "CP41.260828.004", securityPatch: "2026-08-05", boardApiLevel: 202604 },
  service: { cids: { first: 2048, last: 65_535, wraps: true }, reports: "port-per-vm", formats: 15 },
  library: { configXmlVersion: 10 },
};
