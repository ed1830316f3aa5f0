import { describe, expect, test } from "@jest/globals";
import { ANDROID_RELEASES, isAndroidRelease, releaseOfSdk, traitsOf } from "./android-release.js";

describe("releases of Android", () => {
  test("SDK numbers give the release", () => {
    // 33 is Android 13, 34 is 14, 35 is 15, 36 is 16; 17 is 37.
    expect([33, 34, 35, 36, 37].map(releaseOfSdk)).toEqual([13, 14, 15, 16, 17]);
  });

  test("a newer system counts as the newest that is known, an older one as none", () => {
    expect(releaseOfSdk(99)).toBe(17);
    expect([32, Number.NaN, 33.5].map(releaseOfSdk)).toEqual([undefined, undefined, undefined]);
  });

  test("each release has traits, with numbers that grow", () => {
    const traits = ANDROID_RELEASES.map(traitsOf);
    expect(traits.map(({ sdk }) => sdk)).toEqual([...traits.map(({ sdk }) => sdk)].sort((a, b) => a - b));
    expect(traits.map(({ library }) => library.configXmlVersion)).toEqual([1, 6, 9, 10, 10]);
    // Each takes over from the one before it what it does not have itself.
    for (const key of ["id", "securityPatch", "boardApiLevel"] as const) {
      const values = traits.map(({ build }) => build[key]);
      expect(new Set(values).size).toBe(values.length);
    }
  });

  test("what is not a release is recognized", () => {
    expect([13, 17, 12, 18, "15", undefined].map(isAndroidRelease)).toEqual([true, true, false, false, false, false]);
  });
});
