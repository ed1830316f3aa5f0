/**
 * XML 1.0 as the recommendation reads it, for every document that we read: references, white space in attribute values,
 * line ends, CDATA. What is not well-formed is refused, and so are document types: they bring entities that expand.
 */
import { SaxesParser, type SaxesAttributeNS, type SaxesOptions } from "saxes";
import { decodeXml } from "./decode.js";
import { XmlError } from "./xml-error.js";

export interface XmlElement {
  /** With its prefix. */
  readonly name: string;
  /** In the document's order; declarations of namespaces are among them. */
  readonly attributes: readonly XmlAttribute[];
  /** Text that stands together is one string; comments and processing instructions are left out. */
  readonly children: readonly (XmlElement | string)[];
}

export interface XmlAttribute {
  /** With its prefix. */
  readonly name: string;
  readonly value: string;
  /** With {@link ReadXmlOptions.namespaces}: the namespace, "" for none, and the name without prefix. */
  readonly uri: string;
  readonly local: string;
}

export interface ReadXmlOptions {
  readonly maxBytes: number;
  readonly maxDepth?: number;
  /** Prefixes must be declared. Default false: a prefix is a part of the name. */
  readonly namespaces?: boolean;
  /**
   * Takes references to the control characters that XML 1.0 has no way to write: Android writes them, as `&#1;`.
   * Default false.
   */
  readonly controlReferences?: boolean;
  /** Bytes are UTF-8, whatever the document says of itself. Default false. */
  readonly isUtf8?: boolean;
}

/**
 * @param document text, or bytes with a byte order mark or an encoding declaration where they are not UTF-8
 * @returns the root element
 * @throws XmlError
 */
export function readXml(document: string | Uint8Array, options: ReadXmlOptions): XmlElement {
  const tree = new TreeBuilder(options.maxDepth ?? 100);
  parseInto(tree, document, options);
  return tree.root!;
}

export type XmlEvent =
  | { readonly kind: "start"; readonly name: string; readonly attributes: readonly XmlAttribute[] }
  | { readonly kind: "end"; readonly name: string }
  /** All text between two tags, with what CDATA holds. */
  | { readonly kind: "text"; readonly text: string }
  /** The last one: what comes after it was not read. `unclosed`: nothing does, but elements are still open. */
  | { readonly kind: "error"; readonly error: XmlError; readonly unclosed?: true };

/**
 * The document as its parts come, for those that do not look at all of it: what is not well-formed is the last part, and
 * matters only to a reader that comes that far. A document with nothing in it has no parts.
 */
export function readXmlEvents(document: string | Uint8Array, options: ReadXmlOptions): readonly XmlEvent[] {
  const events = new EventList(options.maxDepth ?? 100);
  try {
    parseInto(events, document, options);
  } catch (error) {
    if (!(error instanceof XmlError)) throw error;
    if (!hasNothing(document)) events.fail(error);
  }
  return events.list;
}

const NOTHING = /^\ufeff?(?:[\t\n\r ]|<!--(?:(?!--)[^])*-->|<\?(?:(?!\?>)[^])*\?>)*$/;

function hasNothing(document: string | Uint8Array): boolean {
  return NOTHING.test(typeof document === "string" ? document : Buffer.from(document).toString());
}

function parseInto(sink: Sink, document: string | Uint8Array, options: ReadXmlOptions): void {
  if (document.length > options.maxBytes) {
    throw new XmlError(`it is ${document.length} bytes, more than ${options.maxBytes}`);
  }
  const text = typeof document === "string" ? document : decodeXml(document, options.isUtf8);
  const { parser, unclosed } = makeParser(options, sink);
  parser.write(options.controlReferences === true ? nameControlReferences(text, parser.ENTITIES) : text).close();
  if (unclosed.error) throw unclosed.error;
}

export function attributeOf({ attributes }: Pick<XmlElement, "attributes">, name: string): string | undefined {
  return attributes.find((attribute) => attribute.name === name)?.value;
}

export function elementsOf({ children }: XmlElement): readonly XmlElement[] {
  return children.filter((child) => typeof child !== "string");
}

interface MutableElement extends XmlElement {
  readonly children: (XmlElement | string)[];
}

interface Sink {
  start(name: string, attributes: readonly XmlAttribute[]): void;
  text(piece: string): void;
  end(name: string): void;
}

class EventList implements Sink {
  readonly list: XmlEvent[] = [];
  #depth = 0;

  constructor(private readonly maxDepth: number) {}

  start(name: string, attributes: readonly XmlAttribute[]): void {
    if (this.#depth++ >= this.maxDepth) throw new XmlError(`elements are nested deeper than ${this.maxDepth}`);
    this.add({ kind: "start", name, attributes });
  }

  text(piece: string): void {
    const last = this.list.at(-1);
    if (this.#depth === 0 || piece === "") return;
    if (last?.kind === "text") this.list[this.list.length - 1] = { kind: "text", text: last.text + piece };
    else this.add({ kind: "text", text: piece });
  }

  end(name: string): void {
    this.#depth--;
    this.add({ kind: "end", name });
  }

  /** The parser reports the end of the element first, and then that it has another name. */
  fail(error: XmlError): void {
    if (/^unexpected close tag/.test(error.reason)) this.list.pop();
    this.add({ kind: "error", error, ...(isUnclosed(error) ? { unclosed: true } : {}) });
  }

  add(event: XmlEvent): void {
    this.list.push(event);
  }
}

class TreeBuilder implements Sink {
  root: XmlElement | undefined;
  readonly #open: MutableElement[] = [];

  constructor(private readonly maxDepth: number) {}

  start(name: string, attributes: readonly XmlAttribute[]): void {
    const element: MutableElement = { name, attributes, children: [] };
    if (this.#open.length >= this.maxDepth) throw new XmlError(`elements are nested deeper than ${this.maxDepth}`);
    this.#open.at(-1)?.children.push(element);
    this.root ??= element;
    this.#open.push(element);
  }

  /** Around a comment or CDATA text comes in pieces. Outside the root it is white space. */
  text(piece: string): void {
    const children = this.#open.at(-1)?.children;
    if (!children || piece === "") return;
    const last = children.at(-1);
    if (typeof last === "string") children[children.length - 1] = last + piece;
    else children.push(piece);
  }

  end(): void {
    this.#open.pop();
  }
}

const isUnclosed = ({ reason }: XmlError): boolean => /^unclosed tag/.test(reason);

interface Parser {
  readonly parser: SaxesParser<SaxesOptions>;
  /** Told by the parser before the last text, and before the fault of a document that ends within a tag. */
  readonly unclosed: { error?: XmlError };
}

function makeParser({ namespaces = false }: ReadXmlOptions, sink: Sink): Parser {
  // A document that says 1.1 is read as 1.0 too: fifth edition, section 2.8.
  const parser = new SaxesParser({ xmlns: namespaces, defaultXMLVersion: "1.0", forceXMLVersion: true });
  // No prototype: `&constructor;` is not an entity.
  parser.ENTITIES = Object.assign(Object.create(null) as Record<string, string>, PREDEFINED);
  const unclosed: Parser["unclosed"] = {};
  const fail = (reason: string, cause?: unknown): void => {
    const error = new XmlError(reason, parser.line, parser.column + 1, cause);
    if (!isUnclosed(error)) throw error;
    unclosed.error ??= error;
  };
  parser.on("error", (error) => fail(error.message.replace(/^\d+:\d+: /, "").replace(/\.$/, ""), error));
  parser.on("doctype", () => fail("it has a document type, which is not read"));
  parser.on("text", (piece) => sink.text(piece));
  parser.on("cdata", (piece) => sink.text(piece));
  parser.on("closetag", ({ name }) => sink.end(name));
  parser.on("opentag", ({ name, attributes }) => {
    sink.start(
      name,
      Object.entries<string | SaxesAttributeNS>(attributes).map(([key, attribute]) =>
        typeof attribute === "string"
          ? { name: key, value: attribute, uri: "", local: key }
          : { name: key, value: attribute.value, uri: attribute.uri, local: attribute.local },
      ),
    );
  });
  return { parser, unclosed };
}

const PREDEFINED = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

const SKIPPED_OR_REFERENCE = /<!--[^]*?-->|<!\[CDATA\[[^]*?\]\]>|<\?[^]*?\?>|&#0*([12]?\d|3[01]);|&#x0*(1?[0-9a-f]);/gi;

/** The parser checks characters that are given by number, but not what an entity stands for. */
function nameControlReferences(text: string, entities: Record<string, string>): string {
  return text.replace(SKIPPED_OR_REFERENCE, (whole, decimal?: string, hex?: string) => {
    if (decimal === undefined && hex === undefined) return whole;
    const code = decimal === undefined ? parseInt(hex!, 16) : Number(decimal);
    const name = `control-${code}`;
    entities[name] = String.fromCharCode(code);
    return `&${name};`;
  });
}
