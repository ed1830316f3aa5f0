/** What QEMU's QMP events say about the end of a machine, which its exit code does not. */
import type { Duplex } from "node:stream";
import { QmpClient } from "../../../qmp/client.js";
import type { QmpEvent } from "../../../qmp/message.js";
import type { VmmEnd } from "../contract.js";

/**
 * Follows the events of one QEMU. The machine starts without waiting for anybody at its monitor: an event that comes
 * before QEMU is in command mode is lost, but it takes a guest longer than that to stop.
 */
export class QemuMonitor {
  readonly qmp: QmpClient;
  #end: VmmEnd | undefined;

  /** @param whyGone for those who wait for an answer when QEMU ends */
  constructor(stream: Duplex, whyGone?: () => Promise<Error>) {
    this.qmp = new QmpClient(stream, {
      // The first reason is the cause: a guest that panicked then resets itself.
      onEvent: (event) => (this.#end ??= describeQemuEvent(event)),
      ...(whyGone && { whyGone }),
    });
    // A QEMU that does not answer has ended, or its commands time out.
    this.qmp.negotiate().catch(() => undefined);
  }

  get closed(): Promise<void> {
    return this.qmp.closed;
  }

  /** Undefined while no event gave a reason. */
  get end(): VmmEnd | undefined {
    return this.#end;
  }
}

/** Undefined for an event that is no end. */
export function describeQemuEvent({ name, data }: Pick<QmpEvent, "name" | "data">): VmmEnd | undefined {
  if (name === "GUEST_PANICKED") return { kind: "crash" };
  if (name !== "SHUTDOWN") return undefined;
  const { reason } = data;
  switch (reason) {
    case "guest-panic":
      return { kind: "crash" };
    case "guest-reset":
      return { kind: "reboot" };
    case "guest-shutdown":
      return { kind: "shutdown" };
    case "host-signal":
    case "host-qmp-quit":
      return { kind: "killed" };
    default:
      return { kind: "unknown", status: `shutdown by ${typeof reason === "string" ? reason : "unknown"}` };
  }
}
