/** The emulator's own way into the device, beside adb: JSON lines over a virtio-serial port, answered by avfd. */
import type { AndroidRelease } from "../../base/android-release.js";
import type { Duplex } from "node:stream";
import { withDeadline } from "../../base/deadline.js";
import { InfrastructureError } from "../../base/errors.js";
import type { Monitor } from "../../base/vm/monitors.js";
import { LineSplitter } from "../../base/text/lines.js";

export type ControlRequest =
  | { readonly command: "ping" | "freeze" | "thaw" | "sync" | "forget-vms" }
  | PersonalizeRequest
  /** Who may connect to adb, see `PersonalizeRequest`. */
  | { readonly command: "adb-keys"; readonly adbKeys: readonly string[] }
  /** Answers what VMs run on: `name`, `version`. Refused when that monitor cannot run there. */
  | { readonly command: "vmm"; readonly prefer: Monitor | "" };

/** Answers `vmm` with what VMs run on, or `vmmRefusal` with why the wanted one cannot run there. */
interface PersonalizeRequest {
  readonly command: "personalize";
  readonly epochMs: number;
  readonly entropyHex: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly release: AndroidRelease;
  readonly vmm: Monitor | "";
  /** Whose adb may connect, as lines of Android's `adb_keys`. */
  readonly adbKeys: readonly string[];
  /** The device continues from what was saved of one: earlier connections are closed. */
  readonly restored: boolean;
  /** VMs that were saved with it stand still until a `thaw`. */
  readonly holdVms: boolean;
}

interface ControlReply {
  readonly id?: number;
  readonly ok?: boolean;
  readonly error?: string;
}

export class ControlChannel {
  #lastId = 0;
  readonly #waiting = new Map<number, (reply: ControlReply) => void>();

  constructor(private readonly stream: Duplex) {
    const lines = new LineSplitter((line) => this.#receive(line), 1 << 20);
    stream.on("data", (chunk: Buffer) => lines.push(chunk));
    // The process reports the machine's end; an error here is only its echo.
    stream.on("error", () => undefined);
  }

  /** Sends a request and waits until the device says it is done. A device that still boots reads it once it is up. */
  async request(
    request: ControlRequest,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Readonly<Record<string, unknown>>> {
    const id = ++this.#lastId;
    const what = `the emulated device to answer "${request.command}"`;
    const reply = await withDeadline(what, { timeoutMs, signal }, () => {
      const answered = new Promise<ControlReply>((resolve) => this.#waiting.set(id, resolve));
      this.stream.write(`${JSON.stringify({ id, ...request })}\n`);
      return answered;
    }).finally(() => this.#waiting.delete(id));
    if (reply.ok === true) return { ...reply };
    throw new InfrastructureError(
      "DEVICE_REFUSED",
      `The emulated device refused "${request.command}": ${reply.error ?? "no reason given"}.`,
    );
  }

  close(): void {
    this.stream.destroy();
  }

  #receive(line: string): void {
    try {
      const reply = JSON.parse(line) as ControlReply;
      if (typeof reply.id === "number") this.#waiting.get(reply.id)?.(reply);
    } catch {
      // Half a line from before a snapshot was taken.
    }
  }
}
