/**
 * JSON token by token, as `android.util.JsonReader` reads it: what follows the document is not looked at, a key may come
 * twice, and what comes at the wrong place is an IllegalStateException with its words.
 */
import { IllegalStateException } from "../errors.js";

type JsonToken =
  "BEGIN_ARRAY" | "END_ARRAY" | "BEGIN_OBJECT" | "END_OBJECT" | "NAME" | "STRING" | "NUMBER" | "BOOLEAN" | "NULL";

/** The text is no JSON; Java's is an IOException. */
class JsonSyntaxError extends Error {
  override readonly name = "JsonSyntaxError";
}

/** What may come next, by the innermost thing that is open. */
type Place = "document" | "first item" | "next item" | "first key" | "next key" | "value";

const ESCAPES: Readonly<Record<string, string>> = { t: "\t", b: "\b", n: "\n", r: "\r", f: "\f" };
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?\d+)?$/;
const LITERAL = /[^{}[\]:, \t\f\r\n/\\;#=]*/y;

export class JsonReader {
  readonly #text: string;
  readonly #open: Place[] = ["document"];
  #at = 0;
  #token: JsonToken | undefined;
  #value = "";

  constructor(text: string) {
    this.#text = text.replace(/^\ufeff/, "");
  }

  /** Takes this token. @throws IllegalStateException when it is another; JsonSyntaxError */
  expect(token: JsonToken): void {
    if (this.peek() !== token) throw new IllegalStateException(`Expected ${token} but was ${this.peek()}`);
    this.#token = undefined;
  }

  /** Whether the list or object that is open has more. */
  hasNext(): boolean {
    return this.peek() !== "END_OBJECT" && this.peek() !== "END_ARRAY";
  }

  nextName(): string {
    if (this.peek() !== "NAME") throw new IllegalStateException(`Expected a name but was ${this.peek()}`);
    return this.#taken();
  }

  /** A number is taken as it is written. */
  nextString(): string {
    if (this.peek() !== "STRING" && this.peek() !== "NUMBER") {
      throw new IllegalStateException(`Expected a string but was ${this.peek()}`);
    }
    return this.#taken();
  }

  /** With all that is in it. */
  skipValue(): void {
    if (!this.hasNext()) throw new IllegalStateException("No element left to skip");
    let depth = 0;
    do {
      const token = this.peek();
      this.#token = undefined;
      if (token === "BEGIN_ARRAY" || token === "BEGIN_OBJECT") depth++;
      else if (token === "END_ARRAY" || token === "END_OBJECT") depth--;
    } while (depth > 0);
  }

  peek(): JsonToken {
    this.#token ??= this.#read();
    return this.#token;
  }

  #taken(): string {
    this.#token = undefined;
    return this.#value;
  }

  #read(): JsonToken {
    const place = this.#open.at(-1);
    switch (place) {
      case "first key":
      case "next key":
        return this.#readKey(place === "first key");
      case "value":
        if (this.#next() !== ":") throw new JsonSyntaxError("Expected ':'");
        this.#enter("next key");
        return this.#readValue();
      case "first item":
      case "next item":
        return this.#readItem(place === "first item");
      default: {
        const token = this.#readValue();
        if (token === "BEGIN_ARRAY" || token === "BEGIN_OBJECT") return token;
        throw new JsonSyntaxError(`Expected JSON document to start with '[' or '{' but was ${token}`);
      }
    }
  }

  #readKey(isFirst: boolean): JsonToken {
    const mark = this.#next();
    if (mark === "}") return this.#leave("END_OBJECT");
    if (isFirst) this.#at--;
    else if (mark !== "," && mark !== ";") throw new JsonSyntaxError("Unterminated object");
    if (this.#next() !== '"') throw new JsonSyntaxError("Expected a name in double quotes");
    this.#value = this.#readString();
    this.#enter("value");
    return "NAME";
  }

  #readItem(isFirst: boolean): JsonToken {
    const mark = this.#next();
    if (mark === "]") return this.#leave("END_ARRAY");
    if (isFirst) this.#at--;
    else if (mark !== ",") throw new JsonSyntaxError("Unterminated array");
    this.#enter("next item");
    return this.#readValue();
  }

  #readValue(): JsonToken {
    const mark = this.#next();
    if (mark === "{") return this.#begin("first key", "BEGIN_OBJECT");
    if (mark === "[") return this.#begin("first item", "BEGIN_ARRAY");
    if (mark === '"') {
      this.#value = this.#readString();
      return "STRING";
    }
    LITERAL.lastIndex = --this.#at;
    this.#value = LITERAL.exec(this.#text)?.[0] ?? "";
    this.#at += this.#value.length;
    // Lenient readers take these for comments and separators.
    const end = this.#text[this.#at] ?? "";
    if (end !== "" && "/\\;#=".includes(end)) throw new JsonSyntaxError(`"${end}" does not belong into JSON`);
    if (/^null$/i.test(this.#value)) return "NULL";
    if (/^(?:true|false)$/i.test(this.#value)) return "BOOLEAN";
    if (NUMBER.test(this.#value)) return "NUMBER";
    throw new JsonSyntaxError(`"${this.#value.slice(0, 40)}" is no value of JSON`);
  }

  /** After its first quote. */
  #readString(): string {
    let value = "";
    for (;;) {
      const char = this.#char();
      if (char === '"') return value;
      value += char === "\\" ? this.#readEscape() : char;
    }
  }

  #readEscape(): string {
    const char = this.#char();
    if (char !== "u") return ESCAPES[char] ?? char;
    const hex = this.#text.slice(this.#at, (this.#at += 4));
    if (!/^[0-9a-f]{4}$/i.test(hex)) throw new JsonSyntaxError("Unterminated escape sequence");
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  /** After spaces. */
  #next(): string {
    let char = this.#char();
    while (" \t\r\n".includes(char)) char = this.#char();
    return char;
  }

  #char(): string {
    const char = this.#text[this.#at++];
    if (char === undefined) throw new JsonSyntaxError("End of input");
    return char;
  }

  #begin(place: Place, token: JsonToken): JsonToken {
    this.#open.push(place);
    return token;
  }

  #enter(place: Place): void {
    this.#open[this.#open.length - 1] = place;
  }

  #leave(token: JsonToken): JsonToken {
    this.#open.pop();
    return token;
  }
}
