/** Callbacks of a VM. Mirrors VirtualMachineCallback.java of Android 15. */
import { errorCodeNumber, stopReasonCode } from "./constants.js";
import { requireNonNull, UnsupportedOperationException } from "./errors.js";
import type { DeathReason, VmErrorCode } from "../virtualizationservice/contract.js";
import type { LifecycleEvent } from "./journal/record.js";

/** In TypeScript each method may be left out. Codes come as Java's numbers, and as the device said them. */
export interface CallbackOf<Vm> {
  onPayloadStarted?(vm: Vm): void;
  onPayloadReady?(vm: Vm): void;
  onPayloadFinished?(vm: Vm, exitCode: number): void;
  onError?(vm: Vm, errorCode: number, message: string, raw: VmErrorCode): void;
  /** Once per run, after everything else. */
  onStopped?(vm: Vm, reason: number, raw: DeathReason): void;
  /** Android 17: refused by `setCallback`, since the `vm` tool does not tell of guest agents. */
  onGuestAgentRegistered?(vm: Vm, guestAgent: unknown): void;
}

/** @throws NullPointerException; UnsupportedOperationException for one that would wait for what never comes */
export function checkCallback<Vm>(callback: CallbackOf<Vm>): void {
  if (requireNonNull(callback, "callback").onGuestAgentRegistered === undefined) return;
  throw new UnsupportedOperationException("VirtualMachineCallback.onGuestAgentRegistered() is not supported.", {
    hint: "The `vm` tool of a device does not tell of guest agents.",
  });
}

/** What runs callbacks; Java's `Executor`. */
export interface Executor {
  execute(task: () => void): void;
}

/** Runs each callback at once, in the order of the events. */
export const directExecutor: Executor = { execute: (task) => task() };

/** Calls the method that belongs to an event. */
export function callBack<Vm>(callback: CallbackOf<Vm>, vm: Vm, event: LifecycleEvent): void {
  switch (event.kind) {
    case "payload-started":
      return callback.onPayloadStarted?.(vm);
    case "payload-ready":
      return callback.onPayloadReady?.(vm);
    case "payload-finished":
      return callback.onPayloadFinished?.(vm, event.exitCode);
    case "error":
      return callback.onError?.(vm, errorCodeNumber(event.code), event.message, event.code);
    case "died":
      return callback.onStopped?.(vm, stopReasonCode(event.reason), event.reason);
    // Java has no method for it.
    case "crash":
    case "state":
      return;
  }
}
