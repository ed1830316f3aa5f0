/** The emulated device: set it up, start it, end it. */
export { releaseFromEnvironment } from "./devices/release.js";
export { startEmulatedDevice, type StartOptions } from "./devices/start.js";
export { replaceClient } from "./devices/attach.js";
export type { EmulatedDevice } from "./devices/running-device.js";
export { stopEmulatedDevice } from "./devices/stop.js";
export {
  dropCheckpoint,
  findCheckpoint,
  holdCheckpoint,
  keepCheckpoint,
  type SavedCheckpoint,
} from "./checkpoints/store.js";
export { listRunning, type DeviceRecord } from "./devices/records.js";
export { sweepDevices } from "./devices/sweep.js";
export { IMAGE_FILES } from "./image/files.js";
export { ensureReady, RENEWABLE, type ReadyDevice, type Renewable, type SetupOptions } from "./setup.js";
export { readSettings, type Settings } from "./settings.js";
