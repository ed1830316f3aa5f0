/** Which Android release the emulated device shows. */
import {
  ANDROID_RELEASES,
  DEFAULT_RELEASE,
  isAndroidRelease,
  type AndroidRelease,
} from "../../base/android-release.js";
import { UsageError } from "../../base/errors.js";

/** `AVF_RELEASE`, checked; `DEFAULT_RELEASE` where it is not set. */
export function releaseFromEnvironment(text = process.env["AVF_RELEASE"]): AndroidRelease {
  if (text === undefined || text === "") return DEFAULT_RELEASE;
  const release = /^\d{2}$/.test(text) ? Number(text) : undefined;
  if (isAndroidRelease(release)) return release;
  const known = ANDROID_RELEASES.join(", ");
  throw new UsageError("BAD_RELEASE", `AVF_RELEASE is "${text}"; the emulated device knows Android ${known}.`, {
    hint: `AVF_RELEASE=${DEFAULT_RELEASE}, or unset it`,
  });
}
