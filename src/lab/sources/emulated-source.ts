/** Emulated devices for workers: each gets one of its own, which ends with the worker. */
import type { AndroidRelease } from "../../base/android-release.js";
import type { Monitor } from "../../base/vm/monitors.js";
import { sleep } from "../../base/deadline.js";
import { cacheFolder } from "../../base/paths.js";
import type { Progress } from "../../base/progress.js";
import type { EmulatedDevice } from "../../emulator/index.js";
import type { DeviceSource, Rewinding } from "./device-source.js";

/** From the end of the connection to the end of the process. */
const LAST_WORDS_MS = 2_000;

type Emulator = typeof import("../../emulator/index.js");

interface EmulatedOptions {
  readonly release?: AndroidRelease | undefined;
  /** What their VMs run on. Default: `AVF_MONITOR`, else crosvm where it is there. */
  readonly vmm?: Monitor | undefined;
  readonly vmTemplates?: boolean | undefined;
  readonly deviceCpus?: 1 | 2 | undefined;
}

export function emulatedDevices(options: EmulatedOptions, progress: Progress): DeviceSource {
  return {
    keepBetweenFiles: true,
    acquire: async (signal) => {
      // What sets up and starts it is a third of all code, of no use to those who have a device.
      const emulator = await import("../../emulator/index.js");
      const device = await emulator.startEmulatedDevice({ ...options, cpus: options.deviceCpus, progress, signal });
      return {
        serial: device.serial,
        name: device.name,
        description: `emulated device ${device.name} (${describe(device)})`,
        rewinding: rewindingOf(emulator, device, options),
        whyGone: () => lastWords(device),
        release: () => device.stop(),
      };
    },
  };
}

/** adb notices first that its QEMU ended, and does not know what QEMU said. */
async function lastWords({ ended }: EmulatedDevice): Promise<Error | undefined> {
  await sleep(LAST_WORDS_MS, ended).catch(() => undefined);
  return ended.aborted ? (ended.reason as Error) : undefined;
}

function rewindingOf(emulator: Emulator, device: EmulatedDevice, options: EmulatedOptions): Rewinding {
  const cache = cacheFolder();
  return {
    key: rewindingKey(device, options),
    savesRunningVms: true,
    find: (key) => emulator.findCheckpoint(cache, key),
    save: (key, note, signal) =>
      key === undefined
        ? emulator.holdCheckpoint(device, note, signal)
        : emulator.keepCheckpoint(cache, key, device, note, signal),
    drop: (saved) => emulator.dropCheckpoint(saved),
    restore: (saved, signal) => device.restore(saved?.folder, { signal, holdVms: saved !== undefined }),
    goOn: () => device.goOn(),
    attach: emulator.replaceClient,
  };
}

/**
 * What a checkpoint belongs to, so that none is found that another device made. Named by image, machine, emulator and
 * processor; the rest is what a running device was set to: a checkpoint of another release is of no use to this one.
 */
export function rewindingKey(
  { originKey, release, vmm }: Pick<EmulatedDevice, "originKey" | "release" | "vmm">,
  { vmTemplates = false }: Pick<EmulatedOptions, "vmTemplates">,
): string {
  return [originKey, `android-${release}`, vmm?.name ?? "no-vms", vmTemplates].join(" ");
}

/** E.g. `Android 15, tcg, one CPU, VMs on qemu 7.2.22`. */
function describe({ release, accelerator, cpus, vmm }: EmulatedDevice): string {
  const machines = vmm === undefined ? "no VMs" : `VMs on ${vmm.name} ${vmm.version}`;
  return [`Android ${release}`, accelerator, ...(cpus === 1 ? ["one CPU"] : []), machines].join(", ");
}
