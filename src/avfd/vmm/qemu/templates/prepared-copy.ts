/** The place for one copy that waits for its VM. It holds a CID, which no other VM may get meanwhile. */
import { AsyncLock } from "../../../../base/async/async-lock.js";
import { end, type LoadedCopy } from "./running.js";

interface Waiting {
  readonly key: string;
  readonly cid: number;
  readonly abandon: AbortController;
  /** Undefined when it could not be made; never rejects. */
  readonly qemu: Promise<LoadedCopy | undefined>;
}

/** What is to wait: for a VM of which shape, under which CID, and how it is made. */
interface CopyToPrepare {
  readonly key: string;
  readonly cid: number;
  readonly make: (signal: AbortSignal) => Promise<LoadedCopy>;
}

export class PreparedCopy {
  #waiting: Waiting | undefined;
  /** One change after another: each finds the place as the one before has left it, and the CID free. */
  readonly #turns = new AsyncLock();

  /** The copy, if it is one for this VM. Another one is ended: its CID, or its memory, is wanted now. */
  async take(key: string, cid: number): Promise<LoadedCopy | undefined> {
    const waiting = await this.#turns.run(async () => {
      const found = this.#waiting;
      if (found?.key !== key || found.cid !== cid) return void (await this.#end());
      this.#waiting = undefined;
      return found;
    });
    return waiting?.qemu;
  }

  /** Ends the copy at once, though it may still be on its way; settles when it is gone. */
  drop(): Promise<void> {
    return this.#turns.run(() => this.#end());
  }

  /** Ends the copy and begins with another. `choose` is asked when the place is empty; undefined: it stays so. */
  replace(choose: () => CopyToPrepare | undefined): Promise<void> {
    return this.#turns.run(async () => {
      await this.#end();
      const chosen = choose();
      if (chosen === undefined) return;
      const abandon = new AbortController();
      // The VM that needs it then makes one itself, and gets the error.
      const qemu = chosen.make(abandon.signal).catch(() => undefined);
      this.#waiting = { key: chosen.key, cid: chosen.cid, abandon, qemu };
    });
  }

  async #end(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.abandon.abort();
    const qemu = await waiting?.qemu;
    if (qemu !== undefined) await end(qemu);
  }
}
