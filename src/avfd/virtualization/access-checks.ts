/** Who may create which VM (AOSP virtualizationmanager/src/aidl.rs). */
import type { AndroidRelease } from "../../base/android-release.js";
import { hasPermission } from "../packages/permissions.js";
import { VM_PERMISSIONS } from "../packages/package-record.js";
import type { PackageStore } from "../packages/package-store.js";
import { ServiceError } from "./service-error.js";
import { MICRODROID, type AppVmConfig } from "./vm-config.js";

/** Throws `ServiceError`: EX_SECURITY names the permission that is missing. In the order and the words of the release. */
export function checkAccess(
  packages: PackageStore,
  config: AppVmConfig,
  { uid, release }: { readonly uid: number; readonly release: AndroidRelease },
): void {
  requirePermission(packages, uid, VM_PERMISSIONS.manage);
  if (needsCustomPermission(config)) requirePermission(packages, uid, VM_PERMISSIONS.useCustom);
  if (config.gdbPort !== undefined) checkGdb(config, release);
  if (config.payload.kind === "binary" && config.payload.binaryName.includes("/")) {
    throw notLoaded(`Payload binary name must not specify a path: ${config.payload.binaryName}`);
  }
  if (config.osName !== MICRODROID) throw notLoaded(`Unknown OS ${JSON.stringify(config.osName)}`);
  if (config.cpuCount < 1) throw new ServiceError("EX_ILLEGAL_ARGUMENT", `${config.cpuCount} CPUs are none`);
  if (config.protectedVm) {
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "Protected VMs are not supported on this device");
  }
  if (config.wantsDeviceTree) {
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "VMs of the emulated device have no device tree");
  }
  if (config.hostServices.length > 0) {
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "The emulated device has no services for its VMs");
  }
}

function checkGdb({ protectedVm, debugLevel }: AppVmConfig, release: AndroidRelease): void {
  const start = release < 15 ? "can't" : "Can't";
  if (protectedVm) throw new ServiceError("EX_SECURITY", `${start} use gdb with protected VMs`);
  if (debugLevel !== "full") throw new ServiceError("EX_SECURITY", `${start} use gdb with non-debuggable VMs`);
}

/** Of `load_app_config`. */
function notLoaded(why: string): ServiceError {
  return new ServiceError("EX_SERVICE_SPECIFIC", `Failed to load app config: ${why}`);
}

export function requirePermission(packages: PackageStore, uid: number, permission: string): void {
  if (hasPermission(packages, uid, permission)) return;
  throw new ServiceError("EX_SECURITY", `does not have the ${permission} permission`);
}

function needsCustomPermission(config: AppVmConfig): boolean {
  return (
    config.hasCustomConfig ||
    config.payload.kind === "config" ||
    config.extraApks.length > 0 ||
    config.osName !== MICRODROID
  );
}
