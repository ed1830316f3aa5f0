/** Cuts a byte stream into lines, with a limit on how long one may grow. */

/** Of a line that is longer than the limit, each piece says which it is. */
export type LinePiece = "first" | "middle" | "last";

const LF = 0x0a;
const CR = 0x0d;
/** Of a character in UTF-8. */
const MAX_CHARACTER_BYTES = 4;

export class LineSplitter {
  #parts: Buffer[] = [];
  #length = 0;
  /** The last piece belongs to a line that continues. */
  #goesOn = false;

  constructor(
    private readonly onLine: (line: string, piece?: LinePiece) => void,
    /** A longer line comes in pieces of this size: output of a device is never trusted to end its lines. */
    private readonly maxLineBytes = 64 * 1024,
  ) {}

  push(chunk: Buffer): void {
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      this.#add(chunk.subarray(from, end));
      this.#finish();
      from = end + 1;
    }
    // A copy: the rest of the chunk need not stay in memory for the sake of its last bytes.
    if (from < chunk.length) this.#add(Buffer.from(chunk.subarray(from)));
  }

  /** The bytes of `pending`: a character may be cut in two there. */
  get pendingBytes(): Buffer {
    return this.#take();
  }

  /** Goes on as one whose `pendingBytes` and `pendingPiece` were these. */
  continueFrom(pendingBytes: Buffer, pendingPiece?: LinePiece): void {
    this.#goesOn = pendingPiece !== undefined;
    this.#set(pendingBytes);
  }

  /** What came after the last line end so far: a prompt, or the beginning of a line. */
  get pending(): string {
    return textOf(this.#take());
  }

  /** Which piece of a line `pending` is, if it were to end here. */
  get pendingPiece(): LinePiece | undefined {
    return this.#goesOn ? "last" : undefined;
  }

  /** The unfinished last line, if any. */
  end(): void {
    if (this.#length > 0 || this.#goesOn) this.#finish();
  }

  #add(bytes: Buffer): void {
    if (bytes.length === 0) return;
    this.#parts.push(bytes);
    this.#length += bytes.length;
    if (this.#length <= this.maxLineBytes) return;
    let rest = this.#take();
    while (rest.length > this.maxLineBytes) {
      const end = characterEnd(rest, this.maxLineBytes);
      this.onLine(rest.toString("utf8", 0, end), this.#goesOn ? "middle" : "first");
      this.#goesOn = true;
      rest = rest.subarray(end);
    }
    this.#set(rest);
  }

  #finish(): void {
    const text = textOf(this.#take());
    const wasCut = this.#goesOn;
    this.#goesOn = false;
    this.#set(Buffer.alloc(0));
    if (wasCut) this.onLine(text, "last");
    else this.onLine(text);
  }

  #take(): Buffer {
    if (this.#parts.length !== 1) this.#parts = [Buffer.concat(this.#parts, this.#length)];
    return this.#parts[0]!;
  }

  #set(bytes: Buffer): void {
    this.#parts = bytes.length === 0 ? [] : [bytes];
    this.#length = bytes.length;
  }
}

/** A terminal goes to the beginning of the line for each CR, which changes nothing before the next line. */
function textOf(line: Buffer): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === CR) end--;
  return line.toString("utf8", 0, end);
}

/** The last place up to `limit` that does not cut a character in two. */
function characterEnd(bytes: Buffer, limit: number): number {
  for (let end = limit; end > limit - MAX_CHARACTER_BYTES; end--) {
    if ((bytes[end]! & 0xc0) !== 0x80) return end;
  }
  return limit;
}
