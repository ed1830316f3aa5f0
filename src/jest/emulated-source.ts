/** Emulated devices for workers: each gets one of its own, which ends with the worker. */
import type { Progress } from "../base/progress.js";
import { startEmulatedDevice } from "../emulator/index.js";
import type { DeviceSource } from "../fixtures/device-source.js";

export function emulatedDevices(release: 13 | 15 | undefined, progress: Progress): DeviceSource {
  return {
    keepBetweenFiles: true,
    acquire: async (signal) => {
      const device = await startEmulatedDevice({ release, progress, signal });
      return {
        serial: device.serial,
        description: `emulated device ${device.name} (Android ${device.release}, ${device.accelerator})`,
        release: () => device.stop(),
      };
    },
  };
}
