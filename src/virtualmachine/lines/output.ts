/** Console and log of a VM as lines, over all its runs: the last 4 MiB of each, and a count of what was dropped. */
import { LineSplitter, type LinePiece } from "../../base/text/lines.js";
import { LineHistory } from "./line-history.js";
import { Notifier } from "../journal/notifier.js";
import type { OutputLine, OutputStream } from "./line-history.js";

export const HISTORY_BYTES = 4 << 20;
const STREAMS = ["console", "log"] as const;

/** What everybody may do with a VM's output. */
export interface VmOutput {
  /** Lines kept, in the order they came; of both streams unless one is named. */
  lines(stream?: OutputStream): readonly OutputLine[];
  /** Lines kept whose sequence is at least `sequence`. */
  linesFrom(sequence: number, stream?: OutputStream): readonly OutputLine[];
  /** Calls back for each line from now on. Returns what ends it. */
  subscribe(listener: (line: OutputLine) => void): () => void;
  /** Calls back for each chunk of bytes from now on, as the VM wrote them. Returns what ends it. */
  subscribeBytes(listener: (chunk: Buffer, stream: OutputStream) => void): () => void;
  /** Unfinished last line, e.g. a prompt. */
  pending(stream: OutputStream): string;
  /** Lines that no longer fit the history. */
  droppedLines(stream: OutputStream): number;
  /** Sequence that the next line will get. Grows, also when a checkpoint is restored: no two lines ever share one. */
  readonly nextSequence: number;
}

interface StreamPast {
  readonly lines: readonly OutputLine[];
  readonly droppedLines: number;
  /** Of the last line, which had no end yet. */
  readonly pendingBase64: string;
  readonly pendingPiece?: LinePiece;
}

interface OutputChunk {
  readonly stream: OutputStream;
  readonly chunk: Buffer;
}

/** What a VM had printed at a moment. */
export interface OutputPast {
  readonly console: StreamPast;
  readonly log: StreamPast;
  readonly nextSequence: number;
}

export class OutputRecorder implements VmOutput {
  readonly #histories = { console: new LineHistory(HISTORY_BYTES), log: new LineHistory(HISTORY_BYTES) };
  readonly #notifier: Notifier<OutputLine>;
  readonly #bytes: Notifier<OutputChunk>;
  readonly #splitters: Readonly<Record<OutputStream, LineSplitter>>;
  #atMs = 0;
  #run = 0;
  #sequence = 0;

  constructor(onListenerError: (error: unknown) => void) {
    this.#notifier = new Notifier(onListenerError);
    this.#bytes = new Notifier(onListenerError);
    this.#splitters = this.#makeSplitters();
  }

  get nextSequence(): number {
    return this.#sequence;
  }

  lines(stream?: OutputStream): readonly OutputLine[] {
    return this.linesFrom(0, stream);
  }

  linesFrom(sequence: number, stream?: OutputStream): readonly OutputLine[] {
    if (stream) return this.#histories[stream].from(sequence);
    return mergeBySequence(this.#histories.console.from(sequence), this.#histories.log.from(sequence));
  }

  subscribe(listener: (line: OutputLine) => void): () => void {
    return this.#notifier.subscribe(listener);
  }

  subscribeBytes(listener: (chunk: Buffer, stream: OutputStream) => void): () => void {
    return this.#bytes.subscribe(({ chunk, stream }) => listener(chunk, stream));
  }

  pending(stream: OutputStream): string {
    return this.#splitters[stream].pending;
  }

  /** As a line, if it were to end here. */
  pendingLine(stream: OutputStream, atMs: number): OutputLine {
    const { pending: text, pendingPiece: piece } = this.#splitters[stream];
    return { stream, text, atMs, run: this.#run, sequence: this.#sequence, ...(piece === undefined ? {} : { piece }) };
  }

  droppedLines(stream: OutputStream): number {
    return this.#histories[stream].droppedLines;
  }

  push(stream: OutputStream, chunk: Buffer, atMs: number, run: number): void {
    this.#atMs = atMs;
    this.#run = run;
    this.#bytes.emit({ stream, chunk });
    this.#splitters[stream].push(chunk);
  }

  /** All that is kept, as plain data. */
  past(): OutputPast {
    const [console, log] = STREAMS.map((stream): StreamPast => {
      const { pendingBytes, pendingPiece } = this.#splitters[stream];
      return {
        ...{ lines: this.lines(stream), droppedLines: this.droppedLines(stream) },
        pendingBase64: pendingBytes.toString("base64"),
        ...(pendingPiece === undefined ? {} : { pendingPiece }),
      };
    }) as [StreamPast, StreamPast];
    return { console, log, nextSequence: this.#sequence };
  }

  /**
   * Forgets all that is kept in favour of this. Listeners are not called for lines that come back. Sequences are not
   * taken back, so that a reader who continues from `nextSequence` gets each new line, and none of them for an old one.
   */
  rewind(past: OutputPast, shiftMs: number): void {
    for (const stream of STREAMS) {
      const { lines, droppedLines, pendingBase64, pendingPiece } = past[stream];
      const shifted = lines.map((line) => ({ ...line, atMs: line.atMs + shiftMs }));
      this.#histories[stream].replace(shifted, droppedLines);
      this.#splitters[stream].continueFrom(Buffer.from(pendingBase64, "base64"), pendingPiece);
    }
    this.#sequence = Math.max(this.#sequence, past.nextSequence);
  }

  /** A run is over: what has no line end yet never gets one. */
  endRun(atMs: number): void {
    this.#atMs = atMs;
    for (const stream of STREAMS) this.#splitters[stream].end();
  }

  #makeSplitters(): Readonly<Record<OutputStream, LineSplitter>> {
    const splitter = (stream: OutputStream): LineSplitter =>
      new LineSplitter((text, piece) => this.#record(stream, text, piece));
    return { console: splitter("console"), log: splitter("log") };
  }

  #record(stream: OutputStream, text: string, piece: LinePiece | undefined): void {
    const place = { atMs: this.#atMs, run: this.#run, sequence: this.#sequence++ };
    const line: OutputLine = { stream, text, ...place, ...(piece === undefined ? {} : { piece }) };
    this.#histories[stream].push(line);
    this.#notifier.emit(line);
  }
}

function mergeBySequence(a: readonly OutputLine[], b: readonly OutputLine[]): readonly OutputLine[] {
  const merged: OutputLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) merged.push(a[i]!.sequence < b[j]!.sequence ? a[i++]! : b[j++]!);
  return merged.concat(a.slice(i), b.slice(j));
}
