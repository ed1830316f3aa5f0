/** States of a VM, and how the guest's notifications move it forward (AOSP VirtualMachineState.aidl). */

export const VM_STATES = { NOT_STARTED: 0, STARTING: 1, STARTED: 2, READY: 3, FINISHED: 4, DEAD: 6 } as const;

export type VmState = keyof typeof VM_STATES;

export const ERROR_CODES = [
  "UNKNOWN",
  "PAYLOAD_VERIFICATION_FAILED",
  "PAYLOAD_CHANGED",
  "PAYLOAD_INVALID_CONFIG",
] as const;

/** What a guest reports to the service, one line each. */
export type GuestNotification =
  | { readonly kind: "started" | "ready" }
  | { readonly kind: "finished"; readonly exitCode: number }
  | { readonly kind: "error"; readonly code: number; readonly message: string };

/** Undefined for a line that is none. Guests are not trusted. */
export function parseGuestNotification(line: string): GuestNotification | undefined {
  if (line === "started" || line === "ready") return { kind: line };
  const finished = /^finished (-?\d{1,10})$/.exec(line);
  if (finished) return { kind: "finished", exitCode: Number(finished[1]) };
  const error = /^error (\d{1,9}) ?(.*)$/.exec(line);
  if (error) return { kind: "error", code: Number(error[1]), message: error[2] ?? "" };
  return undefined;
}

/** The state a notification leads to; undefined when it would lead backward. */
export function stateAfter(state: VmState, { kind }: GuestNotification): VmState | undefined {
  const next: VmState = kind === "started" ? "STARTED" : kind === "ready" ? "READY" : "FINISHED";
  return VM_STATES[next] > VM_STATES[state] ? next : undefined;
}
