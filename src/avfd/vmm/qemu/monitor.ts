/** What QEMU tells over its monitor (QMP): why the machine stopped, which its exit code does not say. */
import type { Duplex } from "node:stream";
import { LineSplitter } from "../../../base/lines.js";
import type { VmmEnd } from "../contract.js";

/**
 * Follows the events of one QEMU. The machine starts without waiting for anybody at its monitor: an event that comes
 * before the greeting was answered is lost, but it takes a guest longer than that to stop.
 */
export class QemuMonitor {
  /** Settles when QEMU has closed its end, which is after its last event; never rejects. */
  readonly closed: Promise<void>;
  #end: VmmEnd | undefined;

  constructor(stream: Duplex) {
    // The first reason is the cause: a guest that panicked goes on to reset itself.
    const lines = new LineSplitter((line) => (this.#end ??= describeQemuEvent(line)));
    stream.on("error", () => undefined);
    stream.on("data", (chunk: Buffer) => lines.push(chunk));
    this.closed = new Promise((resolve) => stream.once("end", resolve).once("close", resolve));
    stream.write('{"execute":"qmp_capabilities"}\n');
  }

  /** Undefined while nothing was told. */
  get end(): VmmEnd | undefined {
    return this.#end;
  }
}

/** Undefined for a line that tells of no end. */
export function describeQemuEvent(line: string): VmmEnd | undefined {
  const told = parseEvent(line);
  if (told?.event === "GUEST_PANICKED") return { kind: "crash" };
  if (told?.event !== "SHUTDOWN") return undefined;
  switch (told.reason) {
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
      return { kind: "unknown", status: `shutdown by ${told.reason}` };
  }
}

function parseEvent(line: string): { readonly event: string; readonly reason: string } | undefined {
  try {
    const { event, data } = JSON.parse(line) as { event?: unknown; data?: { reason?: unknown } };
    if (typeof event !== "string") return undefined;
    return { event, reason: typeof data?.reason === "string" ? data.reason : "nobody" };
  } catch {
    return undefined;
  }
}
