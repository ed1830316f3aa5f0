/** Reads over a value that nobody wants, as serde_json does for fields that a struct does not have. */
import { scanNumber } from "./number.js";
import type { JsonReader } from "./reader.js";

type Frame = "[" | "{";

export function ignoreValue(reader: JsonReader): void {
  const outer: Frame[] = [];
  for (;;) {
    const opened = ignoreStart(reader);
    // A value that is none of these is complete, and so may be what encloses it.
    if (opened !== undefined) outer.push(opened);
    else if (outer.length === 0) return;
    if (!toNextValue(reader, outer, opened !== undefined)) return;
  }
}

/** A whole simple value, or the beginning of one that has others in it, which is returned. */
function ignoreStart(reader: JsonReader): Frame | undefined {
  const character = reader.peekToken();
  switch (character) {
    case undefined:
      throw reader.error("EOF while parsing a value");
    case "n":
    case "t":
    case "f":
      reader.skip();
      reader.word({ n: "ull", t: "rue", f: "alse" }[character]);
      return undefined;
    case "-":
      reader.skip();
      scanNumber(reader, true);
      return undefined;
    case '"':
      reader.skip();
      reader.skipString();
      return undefined;
    case "[":
    case "{":
      reader.skip();
      return character;
    default:
      if (!/^\d$/.test(character)) throw reader.error("expected value");
      scanNumber(reader, false);
      return undefined;
  }
}

/** Up to the next value within; false when there is none and all is closed. */
function toNextValue(reader: JsonReader, outer: Frame[], fresh: boolean): boolean {
  for (let acceptsComma = !fresh; ; acceptsComma = true) {
    const frame = outer.at(-1);
    if (frame === undefined) return false;
    const character = reader.peekToken();
    if (character === undefined) throw reader.error(frame === "[" ? "EOF while parsing a list" : EOF_IN_OBJECT);
    if (character === (frame === "[" ? "]" : "}")) {
      reader.skip();
      outer.pop();
      continue;
    }
    if (character === "," && acceptsComma) reader.skip();
    else if (acceptsComma) throw reader.error(frame === "[" ? "expected `,` or `]`" : "expected `,` or `}`");
    if (frame === "{") ignoreKey(reader);
    return true;
  }
}

const EOF_IN_OBJECT = "EOF while parsing an object";

function ignoreKey(reader: JsonReader): void {
  const quote = reader.peekToken();
  if (quote === undefined) throw reader.error(EOF_IN_OBJECT);
  if (quote !== '"') throw reader.error("key must be a string");
  reader.skip();
  reader.skipString();
  const colon = reader.peekToken();
  if (colon === undefined) throw reader.error(EOF_IN_OBJECT);
  if (colon !== ":") throw reader.error("expected `:`");
  reader.skip();
}
