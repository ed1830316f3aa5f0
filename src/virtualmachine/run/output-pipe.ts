/**
 * The pipe behind `getConsoleOutput` and its kin. Like Java's it is made once, serves every run, and does not end when
 * the VM stops. Unlike Java's it never blocks the guest: what nobody reads is dropped from the front, and counted.
 */
import { Readable, Writable } from "node:stream";

export const UNREAD_BYTES = 1 << 20;

export class OutputPipe {
  readonly #unread: Buffer[] = [];
  #unreadBytes = 0;
  #droppedBytes = 0;
  #reader: Readable | undefined;
  #readerWaits = false;

  /** Bytes that nobody read in time. */
  get droppedBytes(): number {
    return this.#droppedBytes;
  }

  write(chunk: Buffer): void {
    this.#unread.push(chunk);
    this.#unreadBytes += chunk.length;
    while (this.#unreadBytes > UNREAD_BYTES) this.#dropped(this.#unread.shift()!);
    this.#deliver();
  }

  /** The same stream each time, until it was destroyed; then a new one takes over what is unread. */
  reader(): Readable {
    if (!this.#reader || this.#reader.destroyed) {
      this.#readerWaits = false;
      this.#reader = new Readable({
        read: () => {
          this.#readerWaits = true;
          this.#deliver();
        },
      });
    }
    return this.#reader;
  }

  #deliver(): void {
    while (this.#readerWaits && this.#unread.length > 0 && this.#reader && !this.#reader.destroyed) {
      const chunk = this.#unread.shift()!;
      this.#unreadBytes -= chunk.length;
      this.#readerWaits = this.#reader.push(chunk);
    }
  }

  #dropped(chunk: Buffer): void {
    this.#unreadBytes -= chunk.length;
    this.#droppedBytes += chunk.length;
  }
}

/** The pipe behind `getConsoleInput`: what is written while the VM is stopped waits for its next run. */
export class InputPipe {
  #sink: ((bytes: Uint8Array) => Promise<void>) | undefined;
  #onSink: (() => void) | undefined;
  #writer: Writable | undefined;

  /** Called with a run's console when it begins, with undefined when it ends. */
  connect(sink: ((bytes: Uint8Array) => Promise<void>) | undefined): void {
    this.#sink = sink;
    if (sink) this.#onSink?.();
  }

  /** The same stream each time, until it was destroyed or ended. */
  writer(): Writable {
    if (!this.#writer || this.#writer.destroyed || this.#writer.writableEnded) {
      this.#writer = new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          this.#send(chunk).then(() => done(), done);
        },
      });
    }
    return this.#writer;
  }

  async #send(chunk: Buffer): Promise<void> {
    while (!this.#sink) await new Promise<void>((resolve) => (this.#onSink = resolve));
    await this.#sink(chunk);
  }
}
