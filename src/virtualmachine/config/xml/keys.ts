/** Keys of config.xml: those of each release, and where the port keeps what a release has none for. */
import { libraryOf } from "../release-of.js";
import type { AndroidRelease } from "../../../base/android-release.js";

/**
 * A bundle of our own, which Android passes over: settings that a device's `vm` tool takes, and its library has no key for.
 * They are kept under the names that a later release gave them.
 */
export const KEPT_APART = "jest-avf";

const SINCE_14 = [
  ...["version", "packageName", "apkPath", "payloadConfigPath", "payloadBinaryPath", "debugLevel", "protectedVm"],
  ...["cpuTopology", "memoryBytes", "encryptedStorageBytes", "vmOutputCaptured"],
];

/** Version 1, of the first API and of 13; `cpuAffinity` is read by 13 and never written. */
const VERSION_1 = ["version", "apkPath", "payloadConfigPath", "debugLevel", "protectedVm", "numCpus", "memoryMib"];

/** The first API's alone. */
const FIRST_API = ["idsigPath"];

/** Whether a release has this key, or the port has it for all. */
export function isKnownKey(key: string, release: AndroidRelease): boolean {
  return [...writtenKeys(release), ...SINCE_14, ...FIRST_API].includes(key);
}

/** Keys that a release writes itself. */
export function writtenKeys(release: AndroidRelease): readonly string[] {
  const { configXmlVersion, configXmlKeys } = libraryOf(release);
  return [...(configXmlVersion === 1 ? VERSION_1 : SINCE_14), ...FIRST_API, ...configXmlKeys];
}
