/** What must differ between machines that continue from one moment: clock, randomness, serial number. */
import { randomBytes } from "node:crypto";
import type { AndroidRelease } from "../../base/android-release.js";
import { InfrastructureError } from "../../base/errors.js";
import type { Monitor } from "../../base/vm/monitors.js";
import { EMULATED_CPUS_PROPERTY, SLOWNESS_PROPERTY } from "../../base/vm/speed-properties.js";
import { readAdbKeys } from "../../device/index.js";
import type { Accelerator } from "../machine/arguments.js";
import type { ControlChannel } from "../machine/control.js";

const TIMEOUT_MS = 30_000;
const ENTROPY_BYTES = 32;

export interface DeviceIdentity {
  readonly serialNumber: string;
  readonly release: AndroidRelease;
  /** VMs continue from templates of their shape instead of booting, where the monitor can do it. */
  readonly vmTemplates: boolean;
  /** How slow its host was measured to be, 1 or more. */
  readonly slowness: number;
  readonly accelerator: Accelerator;
}

interface PersonalizeOptions {
  /** What VMs are to run on; undefined: the best there is. */
  readonly vmm: Monitor | undefined;
  /** Whose adb may connect; asked for while the device comes up. */
  readonly adbKeys: Promise<readonly string[]>;
  /** False: the device has booted. */
  readonly restored: boolean;
  /** True: its VMs stay paused until a `thaw`. */
  readonly holdVms: boolean;
}

/** What the device answered: what its VMs run on, or why they cannot. Undefined where it said neither. */
export type PersonalizeReply = { readonly vmm?: unknown; readonly vmmRefusal?: unknown };

/** One request, for it is what everybody waits for who starts a device. */
export async function personalize(
  control: Pick<ControlChannel, "request">,
  { serialNumber, release, vmTemplates, slowness, accelerator }: DeviceIdentity,
  { vmm, adbKeys, restored, holdVms }: PersonalizeOptions,
  signal: AbortSignal,
): Promise<PersonalizeReply> {
  try {
    const properties = {
      "ro.serialno": serialNumber,
      "debug.avf.vm_templates": vmTemplates ? "1" : "0",
      [SLOWNESS_PROPERTY]: slowness.toFixed(2),
      [EMULATED_CPUS_PROPERTY]: accelerator === "tcg" ? "1" : "0",
    };
    return await control.request(
      {
        command: "personalize",
        epochMs: Date.now(),
        entropyHex: randomBytes(ENTROPY_BYTES).toString("hex"),
        ...{ properties, release, vmm: vmm ?? "", adbKeys: await adbKeys, restored, holdVms },
      },
      TIMEOUT_MS,
      signal,
    );
  } catch (error) {
    throw new InfrastructureError("DEVICE_NOT_READY", "The emulated device is not ready.", {
      cause: error,
      hint: restored ? "its snapshot may be damaged: npx avf setup --renew snapshot makes a new one" : undefined,
    });
  }
}

/** Lets this user's adb connect to a device that has just booted, and knows nobody yet. */
export async function admitAdb(control: Pick<ControlChannel, "request">, signal: AbortSignal): Promise<void> {
  await control.request({ command: "adb-keys", adbKeys: await readAdbKeys() }, TIMEOUT_MS, signal);
}
