/**
 * Reads JSON token by token as serde_json does it from a stream: errors come with the position of what was looked at last,
 * which is one byte further when the next byte had to be seen.
 */
import { SerdeError, type Position } from "./serde-error.js";

const NEWLINE = 10;
const ESCAPES: Readonly<Record<string, string>> = {
  ...{ '"': '"', "\\": "\\", "/": "/" },
  ...{ b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" },
};

export class JsonReader {
  #at = 0;
  #peeked = false;

  constructor(private readonly bytes: Buffer) {}

  position(): Position {
    const end = this.#at + (this.#peeked ? 1 : 0);
    let line = 1;
    let lineStart = 0;
    for (let at = this.bytes.indexOf(NEWLINE); at >= 0 && at < end; at = this.bytes.indexOf(NEWLINE, at + 1)) {
      line += 1;
      lineStart = at + 1;
    }
    return { line, column: end - lineStart };
  }

  error(text: string): SerdeError {
    return new SerdeError(text, this.position());
  }

  /** The next byte as a character, which stays; undefined at the end. */
  peek(): string | undefined {
    const byte = this.bytes[this.#at];
    this.#peeked = byte !== undefined;
    return byte === undefined ? undefined : String.fromCharCode(byte);
  }

  next(): string | undefined {
    const character = this.peek();
    if (character !== undefined) this.skip();
    return character;
  }

  skip(): void {
    this.#at += 1;
    this.#peeked = false;
  }

  /** What comes behind white space, as `peek`. */
  peekToken(): string | undefined {
    for (;;) {
      const character = this.peek();
      if (character === undefined || !" \n\t\r".includes(character)) return character;
      this.skip();
    }
  }

  /** The rest of a word whose beginning was seen. */
  word(rest: string): void {
    for (const expected of rest) {
      const character = this.next();
      if (character === undefined) throw this.error("EOF while parsing a value");
      if (character !== expected) throw this.error("expected ident");
    }
  }

  /** Behind its opening quote. */
  string(): string {
    return this.#text(true);
  }

  /** The same for a string that nobody wants: it need not be text. */
  skipString(): void {
    this.#text(false);
  }

  #text(wanted: boolean): string {
    const parts: Buffer[] = [];
    for (;;) {
      const start = this.#at;
      let character = this.next();
      while (character !== undefined && character !== '"' && character !== "\\" && character >= " ") {
        character = this.next();
      }
      if (character === undefined) throw this.error("EOF while parsing a string");
      parts.push(this.bytes.subarray(start, this.#at - 1));
      if (character === '"') break;
      if (character !== "\\") {
        throw this.error("control character (\\u0000-\\u001F) found while parsing a string");
      }
      parts.push(Buffer.from(this.#escape(wanted), "utf8"));
    }
    const text = Buffer.concat(parts);
    if (wanted && !isUtf8(text)) throw this.error("invalid unicode code point");
    return text.toString("utf8");
  }

  #escape(wanted: boolean): string {
    const character = this.next();
    if (character === undefined) throw this.error("EOF while parsing a string");
    if (character === "u") return wanted ? this.#unicode() : String.fromCharCode(this.#hex());
    const meaning = ESCAPES[character];
    if (meaning === undefined) throw this.error("invalid escape");
    return meaning;
  }

  #unicode(): string {
    const first = this.#hex();
    if (first >= 0xdc00 && first <= 0xdfff) throw this.error("lone leading surrogate in hex escape");
    if (first < 0xd800 || first > 0xdbff) return String.fromCharCode(first);
    for (const expected of "\\u") {
      const character = this.peek();
      if (character === undefined) throw this.error("EOF while parsing a string");
      this.skip();
      if (character !== expected) throw this.error("unexpected end of hex escape");
    }
    const second = this.#hex();
    if (second < 0xdc00 || second > 0xdfff) throw this.error("lone leading surrogate in hex escape");
    return String.fromCharCode(first, second);
  }

  #hex(): number {
    const digits = this.bytes.toString("latin1", this.#at, this.#at + 4);
    this.#at += digits.length;
    this.#peeked = false;
    if (digits.length < 4) throw this.error("EOF while parsing a string");
    if (!/^[0-9A-Fa-f]{4}$/.test(digits)) throw this.error("invalid escape");
    return parseInt(digits, 16);
  }
}

function isUtf8(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}
