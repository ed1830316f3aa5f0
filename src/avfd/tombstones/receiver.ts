/** Crash reports of guests, on the port where Android's service has them (AOSP virtualizationservice/src/aidl.rs). */
import { describeSystemError } from "../errno.js";
import type { LogBuffer } from "../log/log-buffer.js";
import type { DevicePaths } from "../device-paths.js";
import type { VsockConnection, VsockListener, VsockRelay } from "../virtualization/channels/vsock-relay.js";
import { TombstoneStore } from "./store.js";

/** IVirtualMachineService.VM_TOMBSTONES_SERVICE_PORT */
const TOMBSTONES_PORT = 2000;
/** A report of our guests has at most two; what a payload sends by itself need not be one. */
const MAX_BYTES = 4 << 20;
const SERVICE_TAG = "VirtualizationService";

/** Of all guests, from now on. */
export function listenForTombstones(relay: VsockRelay, paths: DevicePaths, log: LogBuffer): void {
  const receiver = new TombstoneReceiver(new TombstoneStore(paths.resolve("/data/tombstones")), log);
  void relay.listen(TOMBSTONES_PORT, "any", receiver).catch((error: unknown) => {
    log.write(
      "W",
      SERVICE_TAG,
      `Error receiving tombstone from guest or writing them. Error: ${describeSystemError(error)}`,
    );
  });
}

interface Incoming {
  readonly lines: string[];
  bytes: number;
}

export class TombstoneReceiver implements VsockListener {
  readonly #incoming = new Map<VsockConnection, Incoming>();

  constructor(
    private readonly store: TombstoneStore,
    private readonly log: LogBuffer,
  ) {}

  onOpen(connection: VsockConnection): void {
    this.log.write("I", SERVICE_TAG, `Vsock Stream connected to cid=${connection.cid} for tombstones`);
    this.#incoming.set(connection, { lines: [], bytes: 0 });
  }

  onLine(connection: VsockConnection, line: string): void {
    const incoming = this.#incoming.get(connection);
    if (incoming === undefined) return;
    incoming.bytes += Buffer.byteLength(line) + 1;
    if (incoming.bytes <= MAX_BYTES) return void incoming.lines.push(line);
    this.#incoming.delete(connection);
    connection.drop();
    this.#fail(`guest ${connection.cid} sent more than ${MAX_BYTES} bytes`);
  }

  onClosed(connection: VsockConnection): void {
    const incoming = this.#incoming.get(connection);
    if (incoming === undefined) return;
    this.#incoming.delete(connection);
    void this.#keep(incoming).catch((error: unknown) => this.#fail(describeSystemError(error)));
  }

  async #keep({ lines, bytes }: Incoming): Promise<void> {
    const name = await this.store.add(lines.map((line) => `${line}\n`).join(""));
    this.log.write("I", SERVICE_TAG, `Received ${bytes} bytes from guest & wrote to tombstone file`);
    this.log.write("E", "tombstoned", `Tombstone written to: ${name}`);
  }

  #fail(why: string): void {
    this.log.write("E", SERVICE_TAG, `Failed to write tombstone- ${why}`);
  }
}
