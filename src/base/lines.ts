/** Cuts a byte stream into lines, whole lines only, with a limit on how long one may grow. */
export class LineSplitter {
  #pending: Buffer = Buffer.alloc(0);

  constructor(
    private readonly onLine: (line: string) => void,
    /** A longer line is cut into pieces of this size: output of a device is never trusted to end its lines. */
    private readonly maxLineBytes = 64 * 1024,
  ) {}

  push(chunk: Buffer): void {
    let rest = this.#pending.length > 0 ? Buffer.concat([this.#pending, chunk]) : chunk;
    for (;;) {
      const end = rest.indexOf(0x0a);
      if (end >= 0 && end <= this.maxLineBytes) {
        this.onLine(rest.toString("utf8", 0, end > 0 && rest[end - 1] === 0x0d ? end - 1 : end));
        rest = rest.subarray(end + 1);
      } else if (rest.length > this.maxLineBytes) {
        this.onLine(rest.toString("utf8", 0, this.maxLineBytes));
        rest = rest.subarray(this.maxLineBytes);
      } else break;
    }
    this.#pending = rest;
  }

  /** The bytes of `pending`: a character may be cut in two there. */
  get pendingBytes(): Buffer {
    return this.#pending;
  }

  /** Goes on as one whose `pendingBytes` were these. */
  continueFrom(pendingBytes: Buffer): void {
    this.#pending = pendingBytes;
  }

  /** What came after the last line end so far: a prompt, or the beginning of a line. */
  get pending(): string {
    return this.#pending.toString("utf8");
  }

  /** The unfinished last line, if any. */
  end(): void {
    if (this.#pending.length > 0) this.onLine(this.#pending.toString("utf8"));
    this.#pending = Buffer.alloc(0);
  }
}
