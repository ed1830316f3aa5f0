/** How guests reach the service: one vsock port a VM since release 14, one for all before (AOSP virtualizationmanager/src/aidl.rs). */
import { traitsOf, type AndroidRelease } from "../../../base/android-release.js";
import type { DevicePaths } from "../../device-paths.js";
import type { LogBuffer } from "../../log/log-buffer.js";
import { listenForTombstones } from "../../tombstones/receiver.js";
import type { VsockRelay } from "./vsock-relay.js";

/** Records a line of a guest; returns why it was refused, or undefined. */
export type NotifyGuest = (line: string) => string | undefined;

const SHARED_PORT = 5000;

export class GuestReports {
  readonly #guests = new Map<number, NotifyGuest>();
  #listening: Promise<void> | undefined;

  constructor(
    private readonly relay: VsockRelay,
    private readonly paths: DevicePaths,
    private readonly log: LogBuffer,
  ) {}

  /** Ahead of the first VM: what is the same for all. */
  start(): void {
    listenForTombstones(this.relay, this.paths, this.log);
  }

  /** @returns stops listening for this guest */
  async listen(release: AndroidRelease, cid: number, notify: NotifyGuest): Promise<() => void> {
    if (traitsOf(release).service.reports === "shared-port") {
      this.#guests.set(cid, notify);
      await this.#listenForAll();
      return () => void this.#guests.delete(cid);
    }
    await this.relay.listen(cid, cid, {
      onLine: (connection, line) => connection.send(reply(notify(line))),
    });
    return () => this.relay.unlisten(cid);
  }

  /** The sender is known by the CID of the connection, which a guest cannot choose. */
  async #listenForAll(): Promise<void> {
    this.#listening ??= this.relay.listen(SHARED_PORT, "any", {
      onLine: (connection, line) => {
        const notify = this.#guests.get(connection.cid);
        connection.send(reply(notify ? notify(line) : "no such virtual machine"));
      },
    });
    try {
      await this.#listening;
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }
}

/** The guest waits for it before it continues. */
function reply(refusal: string | undefined): string {
  return refusal === undefined ? "ok" : `error ${refusal}`;
}
