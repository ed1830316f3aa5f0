/**
 * Reads what `writeBundle` and Android write. The bytes come from a device and may be anything: they have a size limit,
 * no document type, no entities but the five of XML and characters by number, and a bounded depth.
 */
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { ARRAY_TYPES } from "./persistable-bundle.js";
import type { ArrayType, Bundle, BundleValue } from "./persistable-bundle.js";

const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 8;
const ATTRIBUTES = ":@";
const TEXT = "#text";

/** Not a PersistableBundle; the message says what is wrong. */
export class BundleFormatError extends Error {}

type XmlNode = Readonly<Record<string, unknown>>;

/** @throws BundleFormatError for whatever is not a bundle */
export function readBundle(bytes: Uint8Array): Bundle {
  if (bytes.length > MAX_BYTES) throw new BundleFormatError(`it is ${bytes.length} bytes, more than ${MAX_BYTES}`);
  const text = decodeUtf8(bytes);
  if (/<!(?!--)/.test(text)) throw new BundleFormatError("it has a document type or a CDATA section");
  const [root, ...others] = parseXml(text).filter((node) => tagOf(node) !== TEXT && !tagOf(node).startsWith("?"));
  if (!root || others.length > 0 || tagOf(root) !== "bundle") throw new BundleFormatError("its root is not <bundle>");
  return readEntries(root, 0);
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new BundleFormatError("it is not UTF-8", { cause: error });
  }
}

function parseXml(text: string): readonly XmlNode[] {
  try {
    const verdict = XMLValidator.validate(text);
    if (verdict !== true) throw new BundleFormatError(`line ${verdict.err.line}: ${verdict.err.msg}`);
    const parser = new XMLParser({
      preserveOrder: true,
      ignoreAttributes: false,
      attributeNamePrefix: "",
      parseTagValue: false,
      parseAttributeValue: false,
      trimValues: false,
      processEntities: false,
      maxNestedTags: MAX_DEPTH + 2,
    });
    return parser.parse(text) as readonly XmlNode[];
  } catch (error) {
    if (error instanceof BundleFormatError) throw error;
    throw new BundleFormatError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

function readEntries(node: XmlNode, depth: number): Bundle {
  if (depth > MAX_DEPTH) throw new BundleFormatError("bundles are nested too deeply");
  const entries = new Map<string, BundleValue>();
  for (const child of elementsOf(node)) entries.set(attribute(child, "name"), readValue(child, depth));
  return entries;
}

function readValue(node: XmlNode, depth: number): BundleValue {
  const type = tagOf(node);
  switch (type) {
    case "int":
      return { type, value: Number(integer(attribute(node, "value"), 32)) };
    case "long":
      return { type, value: integer(attribute(node, "value"), 64) };
    case "double":
      return { type, text: attribute(node, "value") };
    case "boolean":
      // Boolean.valueOf: anything but "true" is false.
      return { type, value: attribute(node, "value").toLowerCase() === "true" };
    case "string":
      return { type, value: textOf(node) };
    case "null":
      return { type };
    case "pbundle_as_map":
      return { type: "bundle", entries: readEntries(node, depth + 1) };
    default:
      if (isArrayType(type)) return { type, items: readItems(node) };
      throw new BundleFormatError(`unknown element <${type}>`);
  }
}

function readItems(node: XmlNode): readonly string[] {
  const items = elementsOf(node).map((item) => {
    if (tagOf(item) !== "item") throw new BundleFormatError(`<${tagOf(item)}> in an array`);
    return attribute(item, "value");
  });
  if (attribute(node, "num") !== String(items.length))
    throw new BundleFormatError("an array does not have `num` items");
  return items;
}

function integer(text: string, bits: 32 | 64): bigint {
  if (!/^[+-]?\d{1,20}$/.test(text)) throw new BundleFormatError(`"${text.slice(0, 40)}" is not an integer`);
  const value = BigInt(text.replace(/^\+/, ""));
  if (BigInt.asIntN(bits, value) !== value) throw new BundleFormatError(`${text} does not fit ${bits} bits`);
  return value;
}

function isArrayType(tag: string): tag is ArrayType {
  return (ARRAY_TYPES as readonly string[]).includes(tag);
}

function tagOf(node: XmlNode): string {
  return Object.keys(node).find((key) => key !== ATTRIBUTES) ?? "";
}

function childrenOf(node: XmlNode): readonly XmlNode[] {
  return node[tagOf(node)] as readonly XmlNode[];
}

function elementsOf(node: XmlNode): readonly XmlNode[] {
  return childrenOf(node).filter((child) => {
    if (tagOf(child) !== TEXT) return true;
    if (String(child[TEXT]).trim() !== "") throw new BundleFormatError(`stray text in <${tagOf(node)}>`);
    return false;
  });
}

function textOf(node: XmlNode): string {
  return childrenOf(node)
    .map((child) => {
      if (tagOf(child) !== TEXT) throw new BundleFormatError("an element inside <string>");
      return unescapeXml(String(child[TEXT]));
    })
    .join("");
}

function attribute(node: XmlNode, name: string): string {
  const attributes = node[ATTRIBUTES] as XmlNode | undefined;
  const value = attributes && Object.hasOwn(attributes, name) ? attributes[name] : undefined;
  if (typeof value !== "string") throw new BundleFormatError(`<${tagOf(node)}> has no attribute "${name}"`);
  return unescapeXml(value);
}

function unescapeXml(text: string): string {
  return text.replace(/&([^;&]*);?/g, (whole, name: string) => {
    const number = /^#(\d{1,7})$/.exec(name)?.[1] ?? /^#x([0-9a-fA-F]{1,6})$/.exec(name)?.[1];
    if (number !== undefined && whole.endsWith(";")) {
      const code = parseInt(number, name.startsWith("#x") ? 16 : 10);
      if (code <= 0x10ffff) return String.fromCodePoint(code);
    }
    const known = whole.endsWith(";") ? ENTITIES[name] : undefined;
    if (known === undefined) throw new BundleFormatError(`unknown entity ${whole.slice(0, 40)}`);
    return known;
  });
}

// No prototype: `&constructor;` is not an entity.
const ENTITIES: Readonly<Record<string, string | undefined>> = Object.assign(
  Object.create(null) as Record<string, string>,
  { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" },
);
