/** The parts of the device that commands and the control channel work on. */
import type { DevicePaths } from "./device-paths.js";
import type { LogBuffer } from "./log/log-buffer.js";
import type { Installer } from "./packages/installer.js";
import type { KnownApks } from "./packages/known-apks.js";
import type { PackageStore } from "./packages/package-store.js";
import type { DeviceIdentity } from "./properties/device-identity.js";
import type { PropertyStore } from "./properties/property-store.js";
import type { VirtualizationService } from "./virtualization/virtualization-service.js";

export interface Device {
  readonly paths: DevicePaths;
  readonly properties: PropertyStore;
  readonly identity: DeviceIdentity;
  readonly log: LogBuffer;
  readonly packages: PackageStore;
  readonly installer: Installer;
  readonly knownApks: KnownApks;
  readonly virtualization: VirtualizationService;
}
