/** Who may create which VM (AOSP virtualizationmanager/src/aidl.rs). */
import { hasPermission } from "../packages/permissions.js";
import { VM_PERMISSIONS } from "../packages/package-record.js";
import type { PackageStore } from "../packages/package-store.js";
import { ServiceError } from "./service-error.js";
import { MICRODROID, type AppVmConfig } from "./vm-config.js";

/** Throws `ServiceError`: EX_SECURITY names the permission that is missing. */
export function checkAccess(packages: PackageStore, config: AppVmConfig, uid: number): void {
  requirePermission(packages, uid, VM_PERMISSIONS.manage);
  if (needsCustomPermission(config)) requirePermission(packages, uid, VM_PERMISSIONS.useCustom);
  if (config.payload.kind === "binary" && config.payload.binaryName.includes("/")) {
    throw new ServiceError("EX_ILLEGAL_ARGUMENT", "Payload binary name must not specify a path");
  }
  if (config.protectedVm) {
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "Protected VMs are not supported on this device");
  }
  if (config.osName !== MICRODROID) {
    throw new ServiceError("EX_ILLEGAL_ARGUMENT", `Unknown OS name: ${config.osName}`);
  }
  if (config.cpuCount < 1) throw new ServiceError("EX_ILLEGAL_ARGUMENT", `${config.cpuCount} CPUs are none`);
  if (config.wantsDeviceTree) {
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "VMs of the emulated device have no device tree");
  }
  if (config.hostServices.length > 0) {
    throw new ServiceError("EX_UNSUPPORTED_OPERATION", "The emulated device has no services for its VMs");
  }
  if (config.gdbPort !== undefined && config.debugLevel !== "full") {
    throw new ServiceError("EX_SECURITY", "gdb is only for debuggable, non-protected VMs");
  }
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
