/** Spoiled files for suites: what was done to them, and how a device and our own checks should answer. */
import type { ApkRefusal } from "../apk-error.js";

export interface Spoiled {
  /** The new file; what it was made from is untouched. */
  readonly bytes: Buffer;
  /** One sentence: what is wrong with it. */
  readonly what: string;
  /** What our verification refuses it with; undefined when it holds. */
  readonly refusal: ApkRefusal | undefined;
  readonly device: DeviceAnswer;
}

export interface DeviceAnswer {
  /** `pm install`: accepted, or the code in `Failure [<code>…]`. Undefined for idsigs. */
  readonly install?: "accepted" | InstallFailure;
  /** `vm create-idsig` (and `run-app`, which makes the idsig again) on Android 15, and on 13, which takes any file. */
  readonly createIdsig?: { readonly release15: "accepted" | "refused"; readonly release13: "accepted" };
  /** How a VM ends that gets this APK or idsig beside the other half as it was before. */
  readonly run: "runs" | VmEnd;
  /** The same on the emulated device, whose guest is stricter there than Android's. */
  readonly runEmulated?: VmEnd;
  /** How a new VM ends that `vm run-app` makes a new idsig for. Undefined for idsigs, and where it makes none. */
  readonly runAnew?: "runs" | VmEnd;
}

export type InstallFailure =
  "INSTALL_PARSE_FAILED_NO_CERTIFICATES" | "INSTALL_PARSE_FAILED_NOT_APK" | "INSTALL_FAILED_UPDATE_INCOMPATIBLE";

/** Death reason, by its name in `STOP_REASON_*`. */
export type VmEnd = "MICRODROID_PAYLOAD_VERIFICATION_FAILED" | "MICRODROID_PAYLOAD_HAS_CHANGED";
