/**
 * Reads what `writeBundle` and Android write. The bytes come from a device and may be anything: they have a size limit,
 * no document type, and a bounded depth.
 */
import { attributeOf, elementsOf as allElementsOf, readXml, XmlError, type XmlElement } from "../xml/index.js";
import { ARRAY_TYPES } from "./persistable-bundle.js";
import type { ArrayType, Bundle, BundleValue } from "./persistable-bundle.js";

const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 8;
/** Not a PersistableBundle; the message says what is wrong. */
export class BundleFormatError extends Error {}

/** @throws BundleFormatError for whatever is not a bundle */
export function readBundle(bytes: Uint8Array): Bundle {
  const root = parseRoot(bytes);
  if (root.name !== "bundle") throw new BundleFormatError("its root is not <bundle>");
  return readEntries(root, 0);
}

function parseRoot(bytes: Uint8Array): XmlElement {
  try {
    return readXml(bytes, { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH + 2, controlReferences: true });
  } catch (error) {
    if (error instanceof XmlError) throw new BundleFormatError(error.message, { cause: error });
    throw error;
  }
}

function readEntries(node: XmlElement, depth: number): Bundle {
  if (depth > MAX_DEPTH) throw new BundleFormatError("bundles are nested too deeply");
  const entries = new Map<string, BundleValue>();
  for (const child of elementsOf(node)) entries.set(attribute(child, "name"), readValue(child, depth));
  return entries;
}

function readValue(node: XmlElement, depth: number): BundleValue {
  const type = node.name;
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

function readItems(node: XmlElement): readonly string[] {
  const items = elementsOf(node).map((item) => {
    if (item.name !== "item") throw new BundleFormatError(`<${item.name}> in an array`);
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

function elementsOf(node: XmlElement): readonly XmlElement[] {
  const stray = node.children.some((child) => typeof child === "string" && child.trim() !== "");
  if (stray) throw new BundleFormatError(`stray text in <${node.name}>`);
  return allElementsOf(node);
}

function textOf(node: XmlElement): string {
  const texts = node.children.filter((child) => typeof child === "string");
  if (texts.length < node.children.length) throw new BundleFormatError("an element inside <string>");
  return texts.join("");
}

function attribute(node: XmlElement, name: string): string {
  const value = attributeOf(node, name);
  if (value === undefined) throw new BundleFormatError(`<${node.name}> has no attribute "${name}"`);
  return value;
}
