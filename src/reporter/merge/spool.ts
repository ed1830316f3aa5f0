/** Text that is made now and needed later, kept in a file: reports of many runs take no more memory than those of one. */
import { closeSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { PRIVATE_FILE } from "../../artifacts/private-files.js";

export interface Chunk {
  readonly offset: number;
  readonly bytes: number;
}

const BUFFER_CHARACTERS = 1 << 18;
const READ_BYTES = 1 << 20;

export class Spool {
  readonly #file: number;
  #written = 0;
  #pending: string[] = [];
  #pendingCharacters = 0;
  #end = 0;

  /** @param path of a file that is not there; it is gone again when the spool is closed */
  constructor(private readonly path: string) {
    this.#file = openSync(path, "wx+", PRIVATE_FILE);
  }

  add(text: string): Chunk {
    const bytes = Buffer.byteLength(text);
    const chunk = { offset: this.#end, bytes };
    this.#end += bytes;
    this.#pending.push(text);
    this.#pendingCharacters += text.length;
    if (this.#pendingCharacters > BUFFER_CHARACTERS) this.#flush();
    return chunk;
  }

  read({ offset, bytes }: Chunk): string {
    return this.#readAt(offset, bytes).toString("utf8");
  }

  /** All of it, in parts that end where no character is cut in two. */
  *all(): Generator<string, void, undefined> {
    const decoder = new TextDecoder();
    for (let offset = 0; offset < this.#end; offset += READ_BYTES) {
      yield decoder.decode(this.#readAt(offset, Math.min(READ_BYTES, this.#end - offset)), { stream: true });
    }
    yield decoder.decode();
  }

  close(): void {
    closeSync(this.#file);
    rmSync(this.path, { force: true });
  }

  #readAt(offset: number, bytes: number): Buffer {
    this.#flush();
    const buffer = Buffer.allocUnsafe(bytes);
    for (let done = 0; done < bytes;) {
      const length = readSync(this.#file, buffer, done, bytes - done, offset + done);
      if (length === 0) throw new Error(`${this.path} is shorter than it was written`);
      done += length;
    }
    return buffer;
  }

  #flush(): void {
    let rest = Buffer.from(this.#pending.join(""));
    this.#pending = [];
    this.#pendingCharacters = 0;
    while (rest.length > 0) {
      const length = writeSync(this.#file, rest, 0, rest.length, this.#written);
      this.#written += length;
      rest = rest.subarray(length);
    }
  }
}
