/** Why a VM ended: what the guest said about it, else how its monitor ended (AOSP virtualizationmanager/src/crosvm.rs, `death_reason`). */
import type { ServiceDeathReason } from "../../../base/vm/death-reasons.js";
import type { VmmEnd } from "../../vmm/contract.js";

export type DeathReason = ServiceDeathReason;

/** What a guest may write to its failure device, before the first `|`. */
const REASONS_OF_GUESTS: readonly DeathReason[] = [
  "PVM_FIRMWARE_PUBLIC_KEY_MISMATCH",
  "PVM_FIRMWARE_INSTANCE_IMAGE_CHANGED",
  "MICRODROID_FAILED_TO_CONNECT_TO_VIRTUALIZATION_SERVICE",
  "MICRODROID_PAYLOAD_HAS_CHANGED",
  "MICRODROID_PAYLOAD_VERIFICATION_FAILED",
  "MICRODROID_INVALID_PAYLOAD_CONFIG",
  "MICRODROID_UNKNOWN_RUNTIME_ERROR",
  "HANGUP",
];

const OF_VMM: Readonly<Record<VmmEnd["kind"], DeathReason>> = {
  shutdown: "SHUTDOWN",
  "start-failed": "START_FAILED",
  reboot: "REBOOT",
  crash: "CRASH",
  "watchdog-reboot": "WATCHDOG_REBOOT",
  killed: "KILLED",
  unknown: "UNKNOWN",
};

export interface EndOfVm {
  readonly end: VmmEnd;
  /** Text of the failure device. */
  readonly failure: string;
  readonly hangup: boolean;
  /** Until then only the guest's own system ran, which never restarts itself. */
  readonly payloadStarted: boolean;
}

export function deathReason({ end, failure, hangup, payloadStarted }: EndOfVm): DeathReason {
  const [said = ""] = failure.split("|");
  // The guard's reason counts only when the guest gave none.
  const reason = failure === "" && hangup ? "HANGUP" : REASONS_OF_GUESTS.find((known) => known === said);
  if (reason) return reason;
  // A kernel that panics before it has a driver for the panic device, or triple-faults, shows as a reset only.
  if (end.kind === "reboot" && !payloadStarted) return "CRASH";
  return OF_VMM[end.kind];
}
