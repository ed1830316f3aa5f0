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
}

/**
 * @param document text, or bytes with a byte order mark or an encoding declaration where they are not UTF-8
 * @returns the root element
 * @throws XmlError
 */
export function readXml(document: string | Uint8Array, options: ReadXmlOptions): XmlElement {
  if (document.length > options.maxBytes) {
    throw new XmlError(`it is ${document.length} bytes, more than ${options.maxBytes}`);
  }
  const text = typeof document === "string" ? document : decodeXml(document);
  const tree = new TreeBuilder(options.maxDepth ?? 100);
  const parser = makeParser(options, tree);
  parser.write(options.controlReferences === true ? nameControlReferences(text, parser.ENTITIES) : text).close();
  return tree.root!;
}

export function attributeOf({ attributes }: XmlElement, name: string): string | undefined {
  return attributes.find((attribute) => attribute.name === name)?.value;
}

export function elementsOf({ children }: XmlElement): readonly XmlElement[] {
  return children.filter((child) => typeof child !== "string");
}

interface MutableElement extends XmlElement {
  readonly children: (XmlElement | string)[];
}

class TreeBuilder {
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

function makeParser({ namespaces = false }: ReadXmlOptions, tree: TreeBuilder): SaxesParser<SaxesOptions> {
  // A document that says 1.1 is read as 1.0 too: fifth edition, section 2.8.
  const parser = new SaxesParser({ xmlns: namespaces, defaultXMLVersion: "1.0", forceXMLVersion: true });
  // No prototype: `&constructor;` is not an entity.
  parser.ENTITIES = Object.assign(Object.create(null) as Record<string, string>, PREDEFINED);
  const fail = (reason: string, cause?: unknown): never => {
    throw new XmlError(reason, parser.line, parser.column + 1, cause);
  };
  parser.on("error", (error) => fail(error.message.replace(/^\d+:\d+: /, "").replace(/\.$/, ""), error));
  parser.on("doctype", () => fail("it has a document type, which is not read"));
  parser.on("text", (piece) => tree.text(piece));
  parser.on("cdata", (piece) => tree.text(piece));
  parser.on("closetag", () => tree.end());
  parser.on("opentag", ({ name, attributes }) => {
    tree.start(
      name,
      Object.entries<string | SaxesAttributeNS>(attributes).map(([key, attribute]) =>
        typeof attribute === "string"
          ? { name: key, value: attribute, uri: "", local: key }
          : { name: key, value: attribute.value, uri: attribute.uri, local: attribute.local },
      ),
    );
  });
  return parser;
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
