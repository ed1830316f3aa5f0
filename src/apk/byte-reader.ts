/** A cursor over little-endian fields of untrusted bytes: every read is checked, every refusal names its place. */
import { ApkError, type ApkRefusal } from "./apk-error.js";

export class ByteReader {
  readonly #bytes: Buffer;
  #position = 0;

  /**
   * @param base offset of the first byte in the file these bytes came from, for error texts
   * @param path name of the structure, from the outside in
   */
  constructor(
    bytes: Uint8Array,
    readonly path: string,
    readonly base = 0,
  ) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get position(): number {
    return this.#position;
  }
  get remaining(): number {
    return this.#bytes.length - this.#position;
  }
  /** The whole structure, whatever has been read of it. */
  get all(): Buffer {
    return this.#bytes;
  }

  u8(field: string): number {
    return this.#bytes.readUInt8(this.#advance(1, field));
  }
  u16(field: string): number {
    return this.#bytes.readUInt16LE(this.#advance(2, field));
  }
  u32(field: string): number {
    return this.#bytes.readUInt32LE(this.#advance(4, field));
  }
  i32(field: string): number {
    return this.#bytes.readInt32LE(this.#advance(4, field));
  }
  /** Refuses values above 2^53, which no file offset or size reaches. */
  u64(field: string): number {
    const at = this.#advance(8, field);
    const value = this.#bytes.readBigUInt64LE(at);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
      this.refuse("BAD_LENGTH", `${value} is no possible size or offset`, field, at);
    }
    return Number(value);
  }
  bytes(length: number, field: string): Buffer {
    const start = this.#advance(length, field);
    return this.#bytes.subarray(start, start + length);
  }
  /** A u32 length and so many bytes. */
  prefixedBytes(field: string): Buffer {
    return this.bytes(this.u32(`${field} length`), field);
  }
  /** As {@link prefixedBytes}, to be read field by field. */
  prefixed(field: string): ByteReader {
    const length = this.u32(`${field} length`);
    const base = this.base + this.#position;
    return new ByteReader(this.bytes(length, field), `${this.path}, ${field}`, base);
  }
  /** Length-prefixed structures to the end of this one. */
  *sequence(field: string): Generator<ByteReader> {
    for (let index = 0; this.remaining > 0; index += 1) yield this.prefixed(`${field} ${index}`);
  }
  seek(position: number, field: string): void {
    if (!Number.isInteger(position) || position < 0 || position > this.#bytes.length) {
      this.refuse("BAD_LENGTH", `position ${position} is outside ${this.path} of ${this.#bytes.length} bytes`, field);
    }
    this.#position = position;
  }
  /** Refuses when something is left over. */
  end(): void {
    if (this.remaining > 0) {
      this.refuse("TRAILING_DATA", `${this.remaining} bytes too many at the end of ${this.path}`, "end");
    }
  }
  refuse(code: ApkRefusal, reason: string, field: string, at = this.#position): never {
    throw new ApkError(code, reason, { offset: this.base + at, field: `${this.path}, ${field}` });
  }

  #advance(length: number, field: string): number {
    const start = this.#position;
    if (length < 0 || length > this.remaining) {
      this.refuse("TRUNCATED", `${field} needs ${length} bytes, ${this.remaining} are left`, field);
    }
    this.#position = start + length;
    return start;
  }
}
