/** Whose library the port follows: that of the device's release. */
import { releaseOfSdk, traitsOf, type AndroidRelease, type ReleaseTraits } from "../../base/android-release.js";
import type { ServiceCapabilities } from "../../virtualizationservice/contract.js";

/** For configs that are made before anything is known of a device. */
export const DEFAULT_RELEASE: AndroidRelease = 15;

export function releaseOf(capabilities: Pick<ServiceCapabilities, "sdk"> | undefined): AndroidRelease {
  return (capabilities && releaseOfSdk(capabilities.sdk)) ?? DEFAULT_RELEASE;
}

export function libraryOf(release: AndroidRelease): ReleaseTraits["library"] {
  return traitsOf(release).library;
}
