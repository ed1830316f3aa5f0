import type { AndroidRelease } from "../../../../base/android-release.js";
import { ANDROID_13 } from "./android-13.js";
import { ANDROID_14 } from "./android-14.js";
import { ANDROID_15 } from "./android-15.js";
import { ANDROID_16 } from "./android-16.js";
import { ANDROID_17 } from "./android-17.js";
import type { ToolDialect } from "./dialect.js";

const DIALECTS: Readonly<Record<AndroidRelease, ToolDialect>> = {
  13: ANDROID_13,
  14: ANDROID_14,
  15: ANDROID_15,
  16: ANDROID_16,
  17: ANDROID_17,
};

export function dialectOf(release: AndroidRelease): ToolDialect {
  return DIALECTS[release];
}
