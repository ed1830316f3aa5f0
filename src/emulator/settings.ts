/** What an emulated device is to be, by its options or else by the environment. */
import type { AndroidRelease } from "../base/android-release.js";
import type { Monitor } from "../base/vm/monitors.js";
import { wantedAccelerator } from "./accelerator/accelerator.js";
import type { Accelerator } from "./machine/arguments.js";
import { releaseFromEnvironment } from "./devices/release.js";
import { monitorFromEnvironment, requireVmm } from "./devices/vmm.js";

export interface Settings {
  readonly release: AndroidRelease;
  /** Undefined: what the image has. */
  readonly monitor: Monitor | undefined;
  readonly accelerator: Accelerator | "auto";
}

/**
 * Before minutes of set-up: what is not known is refused. A variable counts where there is no option: `AVF_RELEASE`,
 * `AVF_MONITOR`; `AVF_ACCEL` has none.
 * @throws UsageError `BAD_RELEASE`, `BAD_MONITOR`, `NO_CROSVM`, `BAD_CROSVM` or `BAD_ACCELERATOR`
 */
export function readSettings({
  release = releaseFromEnvironment(),
  monitor = monitorFromEnvironment(),
}: { readonly release?: AndroidRelease | undefined; readonly monitor?: Monitor | undefined } = {}): Settings {
  requireVmm(monitor);
  return { release, monitor, accelerator: wantedAccelerator() };
}
