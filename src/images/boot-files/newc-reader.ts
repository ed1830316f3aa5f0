/**
 * Follows archives of cpio's newc form through chunks of bytes, one archive after the other, as the kernel unpacks them. What
 * follows an archive and is none, such as one that is compressed, is left to the kernel.
 */
const HEADER_BYTES = 110;
const MAX_NAME_BYTES = 4096;

export class NewcReader {
  #held: Buffer = Buffer.alloc(0);
  /** Of the content of an entry, with its padding. */
  #skip = 0;
  #place = 0;
  /** Where the last byte of what is read lies within its archive: entries begin at multiples of four of it. */
  #state: "start" | "in archive" | "between" | "left to the kernel" = "start";

  /** @throws Error saying what is wrong, and where */
  push(chunk: Buffer): void {
    this.#held = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    while (this.#step());
  }

  /** @throws Error when the last archive has no end */
  end(): void {
    if (this.#state === "in archive" || this.#state === "start")
      throw new Error(`it ends within an archive, at byte ${this.#place}`);
  }

  /** False: more bytes are needed. */
  #step(): boolean {
    if (this.#state === "left to the kernel") return this.#take(this.#held.length) && false;
    if (this.#skip > 0) {
      const bytes = Math.min(this.#skip, this.#held.length);
      this.#skip -= bytes;
      return this.#take(bytes);
    }
    if (this.#state === "between") {
      const zeros = this.#held.findIndex((byte) => byte !== 0);
      if (zeros !== 0) return this.#take(zeros < 0 ? this.#held.length : zeros) && zeros > 0;
    }
    if (this.#held.length < HEADER_BYTES) return false;
    return this.#readHeader();
  }

  #readHeader(): boolean {
    const magic = this.#held.toString("latin1", 0, 6);
    if (!/^07070[12]$/.test(magic)) {
      if (this.#state !== "between") throw new Error(`at byte ${this.#place} there is no header of an entry`);
      this.#state = "left to the kernel";
      return true;
    }
    const size = this.#field(6);
    const nameBytes = this.#field(11);
    if (nameBytes === 0 || nameBytes > MAX_NAME_BYTES)
      throw new Error(`at byte ${this.#place} a name has ${nameBytes} bytes`);
    const nameEnd = HEADER_BYTES + nameBytes;
    if (this.#held.length < nameEnd) return false;
    const name = this.#held.toString("utf8", HEADER_BYTES, nameEnd - 1);
    const isEnd = name === "TRAILER!!!";
    this.#skip = padded(nameEnd) - nameEnd + (isEnd ? 0 : padded(size));
    this.#state = isEnd ? "between" : "in archive";
    // What pads the name of the last entry may be left out.
    if (isEnd) this.#skip = 0;
    return this.#take(nameEnd);
  }

  #field(index: number): number {
    const text = this.#held.toString("latin1", 6 + index * 8, 14 + index * 8);
    if (!/^[0-9A-Fa-f]{8}$/.test(text)) throw new Error(`at byte ${this.#place} a header has no number`);
    return Number.parseInt(text, 16);
  }

  #take(bytes: number): boolean {
    this.#held = this.#held.subarray(bytes);
    this.#place += bytes;
    return bytes > 0 && this.#held.length > 0;
  }
}

function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}
