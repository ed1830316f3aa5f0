/** Bytes of an XML document become text: XML 1.0, section 4.3.3 and appendix F. */
import { XmlError } from "./xml-error.js";

/** What every XML parser knows; other encodings are seldom met and are refused by name. */
const DECODERS: Readonly<Record<string, (bytes: Uint8Array) => string>> = {
  "UTF-8": (bytes) => strictly("utf-8", bytes),
  "UTF-16LE": (bytes) => strictly("utf-16le", bytes),
  "UTF-16BE": (bytes) => strictly("utf-16be", bytes),
  "US-ASCII": ascii,
  "ISO-8859-1": (bytes) => Buffer.from(bytes).toString("latin1"),
};

/** A declaration is ASCII in each of the encodings that are not known by their first bytes. */
const DECLARATION = /^<\?xml\s[^>]*?\sencoding\s*=\s*(["'])([A-Za-z][\w.-]*)\1/;
const MAX_DECLARATION_BYTES = 1024;
const LESS = 0x3c;

/** @throws XmlError for bytes that do not have the encoding they say, and for an encoding that is not known */
export function decodeXml(bytes: Uint8Array, isUtf8 = false): string {
  if (isUtf8) return strictly("utf-8", bytes);
  const start = encodingOfStart(bytes);
  const head = Buffer.from(bytes.subarray(0, MAX_DECLARATION_BYTES)).toString("latin1");
  const declared = start === undefined ? DECLARATION.exec(head)?.[2]?.toUpperCase() : undefined;
  if (declared?.startsWith("UTF-16")) throw new XmlError(`it says encoding ${declared}, but has one byte a character`);
  const encoding = start ?? declared ?? "UTF-8";
  const decode = Object.hasOwn(DECODERS, encoding) ? DECODERS[encoding] : undefined;
  if (!decode) {
    throw new XmlError(`its encoding is ${encoding}; UTF-8, UTF-16, ISO-8859-1 and US-ASCII are read`);
  }
  return decode(bytes);
}

/** The mark decides, and the parser takes it away; without one, two bytes for a `<` do. */
function encodingOfStart([first, second, third]: Uint8Array): string | undefined {
  if (first === 0xef && second === 0xbb && third === 0xbf) return "UTF-8";
  if ((first === 0xff && second === 0xfe) || (first === LESS && second === 0)) return "UTF-16LE";
  if ((first === 0xfe && second === 0xff) || (first === 0 && second === LESS)) return "UTF-16BE";
  return undefined;
}

function strictly(encoding: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new XmlError(`it is not ${encoding.toUpperCase()}`, undefined, undefined, cause);
  }
}

function ascii(bytes: Uint8Array): string {
  const at = bytes.findIndex((byte) => byte > 0x7f);
  if (at < 0) return Buffer.from(bytes).toString("latin1");
  throw new XmlError(`it says encoding US-ASCII, but byte ${at} is 0x${bytes[at]!.toString(16)}`);
}
