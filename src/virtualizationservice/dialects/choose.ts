import { releaseOfSdk, traitsOf } from "../../base/android-release.js";
import { InfrastructureError } from "../../base/errors.js";
import { android13 } from "./android-13.js";
import type { Dialect } from "./dialect.js";
import { since14 } from "./since-14.js";

/** By `ro.build.version.sdk`: 33 is Android 13, 34 is 14, and so on. */
export function chooseDialect(serial: string, sdk: number): Dialect {
  const release = releaseOfSdk(sdk);
  if (release !== undefined) return traitsOf(release).service.vmLife === "daemon" ? android13 : since14;
  const found = Number.isInteger(sdk) ? `SDK ${sdk}` : "a system that does not name its SDK";
  throw new InfrastructureError(
    "ANDROID_TOO_OLD",
    `Device ${serial} runs ${found}: virtual machines need Android 13 (SDK 33).`,
    {
      hint: `see: adb -s ${serial} shell getprop ro.build.version.sdk; the emulated device has them: npx avf device start`,
    },
  );
}

/** 33 → 13, 35 → 15; one higher for each SDK after the newest that is known. */
export function androidRelease(sdk: number): number {
  const release = releaseOfSdk(sdk);
  return release === undefined ? Number.NaN : release + sdk - traitsOf(release).sdk;
}
