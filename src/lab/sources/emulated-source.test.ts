import { expect, test } from "@jest/globals";
import { ANDROID_RELEASES } from "../../base/android-release.js";
import { rewindingKey } from "./emulated-source.js";

const device = { originKey: "image-tcg-1", release: 15, vmm: { name: "qemu", version: "7.2.22" } } as const;

test("each release has checkpoints of its own: none is restored under another", () => {
  const keys = ANDROID_RELEASES.map((release) => rewindingKey({ ...device, release }, {}));
  expect(new Set(keys).size).toBe(ANDROID_RELEASES.length);
});

test.each([
  ["another image or snapshot", { ...device, originKey: "image-tcg-2" }, {}],
  ["another monitor", { ...device, vmm: { name: "crosvm", version: "7.2.22" } }, {}],
  ["no monitor", { ...device, vmm: undefined }, {}],
  ["templates", device, { vmTemplates: true }],
])("%s has other checkpoints", (_what, other, options) => {
  expect(rewindingKey(other, options)).not.toBe(rewindingKey(device, {}));
});

test("the same device finds its own again", () => {
  expect(rewindingKey({ ...device }, { vmTemplates: false })).toBe(rewindingKey(device, {}));
});
