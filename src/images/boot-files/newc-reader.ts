/**
 * Follows archives of cpio's newc form through chunks of bytes, one archive after the other, as the kernel unpacks them
 * (init/initramfs.c): zeros may follow each entry, and the next begins at a multiple of four. What follows an archive and is
 * none, such as one that is compressed, is left to the kernel.
 */
import {
  isNewc,
  NEWC_END,
  NEWC_HEADER_BYTES,
  NEWC_MAX_NAME_BYTES,
  newcPadded,
  newcSizes,
} from "../../base/files/cpio.js";

const ALIGN_BYTES = 4;

export class NewcReader {
  #held: Buffer = Buffer.alloc(0);
  /** Of the content of an entry, with its padding. */
  #skip = 0;
  #place: number;
  #state: "start" | "in archive" | "between" | "left to the kernel" = "start";

  /** @param place in the whole file, where the first archive begins */
  constructor(place = 0) {
    this.#place = place;
  }

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
    if (this.#state !== "start") {
      const zeros = this.#held.findIndex((byte) => byte !== 0);
      if (zeros !== 0) return this.#take(zeros < 0 ? this.#held.length : zeros) && zeros > 0;
    }
    if (this.#held.length < NEWC_HEADER_BYTES) return false;
    return this.#readHeader();
  }

  #readHeader(): boolean {
    if (!isNewc(this.#held)) {
      if (this.#state !== "between") throw new Error(`at byte ${this.#place} there is no header of an entry`);
      this.#state = "left to the kernel";
      return true;
    }
    if (this.#place % ALIGN_BYTES !== 0)
      throw new Error(`at byte ${this.#place} an entry begins, and the kernel takes those at multiples of four only`);
    const { fileBytes, nameBytes } = newcSizes(this.#held);
    if (Number.isNaN(fileBytes + nameBytes)) throw new Error(`at byte ${this.#place} a header has no number`);
    if (nameBytes === 0 || nameBytes > NEWC_MAX_NAME_BYTES)
      throw new Error(`at byte ${this.#place} a name has ${nameBytes} bytes`);
    const nameEnd = NEWC_HEADER_BYTES + nameBytes;
    if (this.#held.length < nameEnd) return false;
    const name = this.#held.toString("utf8", NEWC_HEADER_BYTES, nameEnd - 1);
    const isEnd = name === NEWC_END;
    // What pads the name of the last entry may be left out.
    this.#skip = isEnd ? 0 : newcPadded(nameEnd) - nameEnd + newcPadded(fileBytes);
    this.#state = isEnd ? "between" : "in archive";
    return this.#take(nameEnd);
  }

  #take(bytes: number): boolean {
    this.#held = this.#held.subarray(bytes);
    this.#place += bytes;
    return bytes > 0 && this.#held.length > 0;
  }
}
