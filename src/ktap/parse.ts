/** Finds KTAP in what a VM prints, line by line, in time that grows with the number of lines. */
import { DocumentReader } from "./document.js";
import { readLine, type Token } from "./grammar.js";
import type { Room } from "./group.js";
import { LIMITS, type KtapDocument, type KtapReport } from "./model.js";
import { Prefix, VoiceSplitter, type Voice, type VoiceLine } from "./sources.js";

/** All KTAP in these lines, which are all that there is. Never throws: what cannot be read is a problem in the report. */
export function parseKtap(output: string | Iterable<string>): KtapReport {
  const parser = new KtapParser();
  const lines = typeof output === "string" ? output.split("\n") : output;
  for (const line of lines) parser.push(line);
  return parser.end();
}

interface OpenDocument {
  readonly reader: DocumentReader;
  readonly index: number;
}

interface Speaker {
  document: OpenDocument | undefined;
  prefix: Prefix | undefined;
}

const PANIC = /Kernel panic - not syncing/;
/** The kernel's last words, and those that `kunit.py` takes for the end as well. */
const END = /^\s*(?:List of all partitions:|reboot: (?:System halted|Power down|Restarting system|machine restart))/;
const RUNNER_ERROR = /^\s*(kunit executor: .*)$/;

export class KtapParser {
  readonly #splitter = new VoiceSplitter();
  readonly #speakers: Readonly<Record<Voice, Speaker>> = {
    kernel: { document: undefined, prefix: undefined },
    program: { document: undefined, prefix: undefined },
  };
  /** By the order in which they began; those that are open have no entry yet. */
  readonly #documents: (KtapDocument | undefined)[] = [];
  readonly #room: Room = { left: LIMITS.diagnosticTotal, tests: LIMITS.tests };
  #runnerError: string | undefined;
  #omittedDocuments = 0;
  #last: Voice = "program";

  push(line: string): void {
    for (const part of this.#splitter.split(line)) this.#take(part);
  }

  /** How many documents are complete, unless one has begun and is not. */
  get completed(): number {
    const open = Object.values(this.#speakers).flatMap(({ document }) => document ?? []);
    if (this.#splitter.holds || open.some(({ reader }) => !reader.isComplete)) return 0;
    return this.#documents.filter((document) => document === undefined || document.complete).length;
  }

  /** How many documents have begun. */
  get begun(): number {
    return this.#documents.length;
  }

  /** The report of what there is by now, which is all that there will be. */
  end(): KtapReport {
    this.#closeAll(undefined);
    const documents = this.#documents.flatMap((document) => document ?? []);
    return { documents, runnerError: this.#runnerError, omittedDocuments: this.#omittedDocuments };
  }

  #take({ voice, text: whole }: VoiceLine): void {
    const speaker = this.#speakers[voice];
    if (PANIC.test(whole)) return this.#closeAll(whole.trim());
    if (END.test(whole)) return this.#closeAll(undefined);
    const text = speaker.prefix?.remove(whole) ?? whole;
    const token = readLine(text);
    const { document } = speaker;
    if (token.kind === "other") return this.#other(speaker, voice, token, text);
    if (document?.reader.take(token, text) === true) {
      this.#last = voice;
      return;
    }
    if (!begins(token)) return this.#noteElsewhere(voice, text);
    this.#close(speaker);
    this.#begin(speaker, voice, token, text);
  }

  #other(speaker: Speaker, voice: Voice, token: Token, text: string): void {
    const { document } = speaker;
    // A logger's prefix is looked for only outside documents, in which it could be a line.
    const prefix = document === undefined || document.reader.isComplete ? Prefix.of(text) : undefined;
    if (prefix !== undefined) {
      this.#close(speaker);
      speaker.prefix = prefix;
      const rest = prefix.behind(text);
      return this.#begin(speaker, voice, readLine(rest), rest);
    }
    const error = RUNNER_ERROR.exec(text);
    if (error) this.#runnerError ??= error[1];
    if (document) document.reader.take(token, text);
    else this.#noteElsewhere(voice, text);
  }

  /** What the kernel says while a program's test runs may be why it fails, and the other way round. */
  #noteElsewhere(voice: Voice, text: string): void {
    const other = this.#speakers[voice === "kernel" ? "program" : "kernel"].document;
    if (other && this.#last !== voice) other.reader.note(text);
  }

  #begin(speaker: Speaker, voice: Voice, token: Token, text: string): void {
    if (this.#documents.length >= LIMITS.documents) {
      this.#omittedDocuments++;
      return;
    }
    const place = token.kind === "subtest" ? token.place.map(() => 0) : token.place;
    const reader = new DocumentReader(place, this.#room);
    speaker.document = { reader, index: this.#documents.length };
    this.#documents.push(undefined);
    this.#last = voice;
    reader.take(token, text);
  }

  /** @param panic what interrupted it, unless it has just ended */
  #close(speaker: Speaker, panic?: string): void {
    const { document } = speaker;
    if (document)
      this.#documents[document.index] = document.reader.close(panic === undefined ? undefined : { line: panic });
    speaker.document = undefined;
    speaker.prefix = undefined;
  }

  #closeAll(panic: string | undefined): void {
    for (const part of this.#splitter.end()) this.#take(part);
    for (const speaker of Object.values(this.#speakers)) this.#close(speaker, panic);
  }
}

/** A program's chatter may hold anything; a first result has the number 1, and is not behind a hash sign. */
function begins(token: Token): boolean {
  switch (token.kind) {
    case "version":
    case "subtest":
      return true;
    case "plan":
      return token.place.length === 1;
    case "result":
      return token.number === 1 && token.place.length === 1;
    default:
      return false;
  }
}
