/** Constants of `android.system.virtualmachine` (Android 15), each written once. */
import { DEATH_REASONS, VM_ERROR_CODES } from "../virtualizationservice/contract.js";
import type { DeathReason, VmErrorCode } from "../virtualizationservice/contract.js";

/** Status of a VM, as the first API's enum had it; `STATUS` has the numbers of later releases. */
export const Status = { STOPPED: "STOPPED", RUNNING: "RUNNING", DELETED: "DELETED" } as const;
export type Status = (typeof Status)[keyof typeof Status];

/** `VirtualMachine.STATUS_STOPPED` and so on. */
export const STATUS_CODES = { STOPPED: 0, RUNNING: 1, DELETED: 2 } as const satisfies Record<Status, number>;

export const MIN_VSOCK_PORT = 1024;
export const MAX_VSOCK_PORT = 4_294_967_295;

export const DEBUG_LEVEL_NONE = 0;
export const DEBUG_LEVEL_FULL = 1;
export const CPU_TOPOLOGY_ONE_CPU = 0;
export const CPU_TOPOLOGY_MATCH_HOST = 1;

/** The guest system that is asked for unless another is. */
export const MICRODROID = "microdroid";

/** Since 17. */
export const ENCRYPTED_STORE_MODE_DEFAULT = 0;
export const ENCRYPTED_STORE_MODE_KEK_ON_CE = 1;

export const CAPABILITY_PROTECTED_VM = 1;
export const CAPABILITY_NON_PROTECTED_VM = 2;

const FEATURE_PREFIX = "com.android.kvm.";
export const FEATURE_DICE_CHANGES = `${FEATURE_PREFIX}DICE_CHANGES`;
export const FEATURE_LLPVM_CHANGES = `${FEATURE_PREFIX}LLPVM_CHANGES`;
export const FEATURE_MULTI_TENANT = `${FEATURE_PREFIX}MULTI_TENANT`;
export const FEATURE_NETWORK = `${FEATURE_PREFIX}NETWORK`;
export const FEATURE_REMOTE_ATTESTATION = `${FEATURE_PREFIX}REMOTE_ATTESTATION`;
export const FEATURE_VENDOR_MODULES = `${FEATURE_PREFIX}VENDOR_MODULES`;

export const MANAGE_VIRTUAL_MACHINE_PERMISSION = "android.permission.MANAGE_VIRTUAL_MACHINE";
export const USE_CUSTOM_VIRTUAL_MACHINE_PERMISSION = "android.permission.USE_CUSTOM_VIRTUAL_MACHINE";

/** `onError` codes. */
export const ERROR_UNKNOWN = VM_ERROR_CODES.UNKNOWN;
export const ERROR_PAYLOAD_VERIFICATION_FAILED = VM_ERROR_CODES.PAYLOAD_VERIFICATION_FAILED;
export const ERROR_PAYLOAD_CHANGED = VM_ERROR_CODES.PAYLOAD_CHANGED;
export const ERROR_PAYLOAD_INVALID_CONFIG = VM_ERROR_CODES.PAYLOAD_INVALID_CONFIG;

/** `STOP_REASON_*` of VirtualMachineCallback; 9 and 10 are in Java's API although no service sends them. */
export const STOP_REASONS = {
  VIRTUALIZATION_SERVICE_DIED: -1,
  INFRASTRUCTURE_ERROR: 0,
  KILLED: 1,
  UNKNOWN: 2,
  SHUTDOWN: 3,
  START_FAILED: 4,
  REBOOT: 5,
  CRASH: 6,
  PVM_FIRMWARE_PUBLIC_KEY_MISMATCH: 7,
  PVM_FIRMWARE_INSTANCE_IMAGE_CHANGED: 8,
  BOOTLOADER_PUBLIC_KEY_MISMATCH: 9,
  BOOTLOADER_INSTANCE_IMAGE_CHANGED: 10,
  MICRODROID_FAILED_TO_CONNECT_TO_VIRTUALIZATION_SERVICE: 11,
  MICRODROID_PAYLOAD_HAS_CHANGED: 12,
  MICRODROID_PAYLOAD_VERIFICATION_FAILED: 13,
  MICRODROID_INVALID_PAYLOAD_CONFIG: 14,
  MICRODROID_UNKNOWN_RUNTIME_ERROR: 15,
  HANGUP: 16,
} as const;

/** What `onStopped` gets: the reason's number where Java's API has one, `UNKNOWN` for any other. */
export function stopReasonCode(reason: DeathReason): number {
  if (reason.kind === "unrecognised" || !(reason.name in STOP_REASONS)) return STOP_REASONS.UNKNOWN;
  return DEATH_REASONS[reason.name];
}

/** What `onError` gets: an unknown code becomes `ERROR_UNKNOWN`; the raw one goes beside it. */
export function errorCodeNumber(code: VmErrorCode): number {
  return code.kind === "known" ? code.value : ERROR_UNKNOWN;
}

/** `CRASH`, or what the device said when we have no name for it. */
export function reasonName(reason: DeathReason): string {
  return reason.kind === "known" ? reason.name : reason.raw;
}
