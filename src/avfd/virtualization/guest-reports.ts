/** How guests reach the service: one vsock port a VM since release 14, one for all before (AOSP virtualizationmanager/src/aidl.rs). */
import type { AndroidRelease } from "../releases.js";
import type { VsockRelay } from "./vsock-relay.js";

/** Records a line of a guest; returns why it was refused, or undefined. */
export type NotifyGuest = (line: string) => string | undefined;

const RELEASE_13_PORT = 5000;

export class GuestReports {
  readonly #release13Guests = new Map<number, NotifyGuest>();
  #release13Listening: Promise<void> | undefined;

  constructor(private readonly relay: VsockRelay) {}

  /** @returns stops listening for this guest */
  async listen(release: AndroidRelease, cid: number, notify: NotifyGuest): Promise<() => void> {
    if (release === 13) {
      this.#release13Guests.set(cid, notify);
      await this.#listenForRelease13();
      return () => void this.#release13Guests.delete(cid);
    }
    await this.relay.listen(cid, cid, {
      onLine: (connection, line) => connection.send(reply(notify(line))),
    });
    return () => this.relay.unlisten(cid);
  }

  /** Who speaks is told by the CID of the connection, which a guest cannot choose. */
  async #listenForRelease13(): Promise<void> {
    this.#release13Listening ??= this.relay.listen(RELEASE_13_PORT, "any", {
      onLine: (connection, line) => {
        const notify = this.#release13Guests.get(connection.cid);
        connection.send(reply(notify ? notify(line) : "no such virtual machine"));
      },
    });
    try {
      await this.#release13Listening;
    } catch (error) {
      this.#release13Listening = undefined;
      throw error;
    }
  }
}

/** The guest waits for it before it goes on. */
function reply(refusal: string | undefined): string {
  return refusal === undefined ? "ok" : `error ${refusal}`;
}
