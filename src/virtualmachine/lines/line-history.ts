/** The last lines of a stream, within a number of bytes. */
import type { LinePiece } from "../../base/text/lines.js";

export interface OutputLine {
  readonly stream: OutputStream;
  readonly text: string;
  /** Monotonic (`performance.now()`), when the end of the line came in. */
  readonly atMs: number;
  /** Which run of the VM printed it: 1 is the first. */
  readonly run: number;
  /** Place among all lines of the VM, whatever the stream; grows. */
  readonly sequence: number;
  /** Of a line of more than 64 KiB, which comes in pieces: which of them this is. */
  readonly piece?: LinePiece;
}

export type OutputStream = "console" | "log";

export class LineHistory {
  #lines: OutputLine[] = [];
  /** Lines before this index were dropped; the array is compacted once they are the most of it. */
  #start = 0;
  #bytes = 0;
  #droppedLines = 0;

  constructor(private readonly maxBytes: number) {}

  get droppedLines(): number {
    return this.#droppedLines;
  }

  push(line: OutputLine): void {
    this.#lines.push(line);
    this.#bytes += cost(line);
    while (this.#bytes > this.maxBytes && this.#start < this.#lines.length - 1) {
      this.#bytes -= cost(this.#lines[this.#start++]!);
      this.#droppedLines++;
    }
    if (this.#start > 1024 && this.#start > this.#lines.length / 2) {
      this.#lines = this.#lines.slice(this.#start);
      this.#start = 0;
    }
  }

  /** Holds these lines and no others. */
  replace(lines: readonly OutputLine[], droppedLines: number): void {
    [this.#lines, this.#start, this.#bytes] = [[], 0, 0];
    for (const line of lines) this.push(line);
    this.#droppedLines = droppedLines;
  }

  /** Lines whose sequence is at least `sequence`, oldest first. */
  from(sequence: number): readonly OutputLine[] {
    let [low, high] = [this.#start, this.#lines.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#lines[middle]!.sequence < sequence) low = middle + 1;
      else high = middle;
    }
    return this.#lines.slice(low);
  }
}

/** Text plus what an object of ours takes, so that empty lines count too. */
function cost(line: OutputLine): number {
  return line.text.length + 64;
}
