/** The releases of Android that have VMs, and what differs between them. One file a release in releases/. */
import { ANDROID_13 } from "./releases/android-13.js";
import { ANDROID_14 } from "./releases/android-14.js";
import { ANDROID_15 } from "./releases/android-15.js";
import { ANDROID_16 } from "./releases/android-16.js";
import { ANDROID_17 } from "./releases/android-17.js";
import type { ReleaseTraits } from "./releases/traits.js";

export type { ReleaseTraits } from "./releases/traits.js";

/** Oldest first. */
export const ANDROID_RELEASES = [13, 14, 15, 16, 17] as const;

export type AndroidRelease = (typeof ANDROID_RELEASES)[number];

const TRAITS: Readonly<Record<AndroidRelease, ReleaseTraits>> = {
  13: ANDROID_13,
  14: ANDROID_14,
  15: ANDROID_15,
  16: ANDROID_16,
  17: ANDROID_17,
};

/** The release of the emulated device by default. */
export const DEFAULT_RELEASE: AndroidRelease = 15;

export function traitsOf(release: AndroidRelease): ReleaseTraits {
  return TRAITS[release];
}

export function isAndroidRelease(value: unknown): value is AndroidRelease {
  return ANDROID_RELEASES.some((release) => release === value);
}

/**
 * The release of an SDK number (`ro.build.version.sdk`); newer than the newest known: that one, which is nearest to what it
 * will be. Undefined for what has no VMs, and for what is no number.
 */
export function releaseOfSdk(sdk: number): AndroidRelease | undefined {
  if (!Number.isInteger(sdk)) return undefined;
  return ANDROID_RELEASES.filter((release) => TRAITS[release].sdk <= sdk).at(-1);
}
