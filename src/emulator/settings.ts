/** What the environment says about the emulated device. */
import type { AndroidRelease } from "../base/android-release.js";
import { wantedAccelerator } from "./accelerator/accelerator.js";
import { releaseFromEnvironment } from "./devices/release.js";
import { monitorFromEnvironment, requireVmm } from "./devices/vmm.js";

export interface Settings {
  readonly release: AndroidRelease;
  readonly monitor: ReturnType<typeof monitorFromEnvironment>;
  readonly accelerator: ReturnType<typeof wantedAccelerator>;
}

/**
 * `AVF_RELEASE`, `AVF_MONITOR` and `AVF_ACCEL`, each checked: a word that is not known is refused before minutes of set-up.
 * @throws UsageError `BAD_RELEASE`, `BAD_MONITOR`, `NO_CROSVM`, `BAD_CROSVM` or `BAD_ACCELERATOR`
 */
export function readSettings(): Settings {
  const monitor = monitorFromEnvironment();
  requireVmm(monitor);
  return { release: releaseFromEnvironment(), monitor, accelerator: wantedAccelerator() };
}
