/** A file on the device that grows, and its content as it comes: each byte once, none lost at the end. */
import { once } from "node:events";
import { sleep } from "../base/deadline.js";
import type { Device, DeviceProcess } from "../device/contract.js";

/** adb hands over what it still holds within this time after it was asked to stop. */
const STREAM_END_TIMEOUT_MS = 5_000;
const RESTART_DELAY_MS = 200;
/** A `tail` that ends so often without a byte has lost its file; what is left comes with `finish`. */
const MAX_IDLE_RESTARTS = 10;
/** By its path: a shell that is busybox would run its own `tail`, which looks at the file only once a second. */
export const TAIL = "/system/bin/tail";

export class FollowedFile {
  #delivered: number;
  #finishing = false;
  #abandoned = false;
  #tail: DeviceProcess | undefined;
  #following: Promise<void> = Promise.resolve();

  /** Nothing happens before `begin` or `finish`. The file's first `skippedBytes` were delivered before. */
  constructor(
    private readonly device: Device,
    private readonly path: string,
    private readonly onChunk: (chunk: Buffer) => void,
    skippedBytes = 0,
  ) {
    this.#delivered = skippedBytes;
  }

  /** The file must exist by now. Repeatable. */
  begin(): void {
    if (this.#tail !== undefined || this.#finishing || this.device.gone.aborted) return;
    try {
      this.#following = this.#keepFollowing(this.#start()).catch(() => undefined);
    } catch {
      // A device whose handle was closed starts none any more; its VM ends at the same time.
    }
  }

  /** With those that were skipped. */
  get deliveredBytes(): number {
    return this.#delivered;
  }

  /** Delivers nothing more. */
  async abandon(): Promise<void> {
    this.#finishing = true;
    this.#abandoned = true;
    await this.#tail?.stop();
  }

  /** Call when nobody writes to the file any more: delivers what is left. */
  async finish(): Promise<void> {
    this.#finishing = true;
    await this.#tail?.stop();
    await this.#following;
    if (this.device.gone.aborted) return;
    const rest = this.device.spawn([TAIL, "-c", `+${this.#delivered + 1}`, this.path]);
    await this.#read(rest);
  }

  #start(): DeviceProcess {
    const from = this.#delivered === 0 ? ["-n", "+0"] : ["-c", `+${this.#delivered + 1}`];
    return (this.#tail = this.device.spawn([TAIL, "-f", ...from, this.path]));
  }

  /** `tail` ends only on request; if it ends otherwise, another one continues where it stopped. */
  async #keepFollowing(first: DeviceProcess): Promise<void> {
    let tail = first;
    for (let idleRestarts = 0; idleRestarts < MAX_IDLE_RESTARTS; idleRestarts++) {
      const before = this.#delivered;
      await this.#read(tail);
      if (this.#delivered > before) idleRestarts = 0;
      if (!this.#finishing && !this.device.gone.aborted) await sleep(RESTART_DELAY_MS);
      if (this.#finishing || this.device.gone.aborted) return;
      tail = this.#start();
    }
  }

  async #read(process: DeviceProcess): Promise<void> {
    process.stderr.resume();
    process.stdout.on("data", (chunk: Buffer) => {
      if (this.#abandoned) return;
      this.#delivered += chunk.length;
      this.onChunk(chunk);
    });
    const closed = once(process.stdout, "close").catch(() => undefined);
    await process.ended;
    const timer = new AbortController();
    await Promise.race([closed, sleep(STREAM_END_TIMEOUT_MS, timer.signal).catch(() => undefined)]);
    timer.abort();
    process.stdout.removeAllListeners("data");
  }
}
