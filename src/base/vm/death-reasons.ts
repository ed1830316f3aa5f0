/**
 * Why VMs end, with the numbers of Android 15 (`DeathReason` of virtualizationcommon's AIDL): one table for the emulated
 * device, which gives these reasons, and for the library, which reads them.
 */
export const SERVICE_DEATH_REASONS = {
  INFRASTRUCTURE_ERROR: 0,
  KILLED: 1,
  UNKNOWN: 2,
  SHUTDOWN: 3,
  START_FAILED: 4,
  REBOOT: 5,
  CRASH: 6,
  PVM_FIRMWARE_PUBLIC_KEY_MISMATCH: 7,
  PVM_FIRMWARE_INSTANCE_IMAGE_CHANGED: 8,
  MICRODROID_FAILED_TO_CONNECT_TO_VIRTUALIZATION_SERVICE: 11,
  MICRODROID_PAYLOAD_HAS_CHANGED: 12,
  MICRODROID_PAYLOAD_VERIFICATION_FAILED: 13,
  MICRODROID_INVALID_PAYLOAD_CONFIG: 14,
  MICRODROID_UNKNOWN_RUNTIME_ERROR: 15,
  HANGUP: 16,
  WATCHDOG_REBOOT: 17,
} as const;

export type ServiceDeathReason = keyof typeof SERVICE_DEATH_REASONS;
