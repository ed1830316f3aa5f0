/** Writes Android's binary XML, laid out as aapt does it. Mirror of `binary-xml.ts`. */
import { writeChunk, writeStringPool } from "./write-string-pool.js";
import { ChunkType, NO_STRING, ValueType, type BinaryXmlAttribute, type BinaryXmlElement } from "./binary-xml.js";
import { u16, u32 } from "../byte-writer.js";

/** A namespace that the document declares. */
export interface NamespaceDeclaration {
  readonly prefix: string;
  readonly uri: string;
}

const ATTRIBUTE_BYTES = 20;
const EXTENDED_ELEMENT_BYTES = 20;
const NODE_HEADER_BYTES = 16;

export function writeBinaryXml(root: BinaryXmlElement, namespaces: readonly NamespaceDeclaration[]): Buffer {
  const { strings, resourceIds } = collectStrings(root, namespaces);
  const index = new Map(strings.map((text, at) => [text, at]));
  const ref = (text: string | undefined) => u32(text === undefined ? NO_STRING : index.get(text)!);
  const nodes: Buffer[] = [];
  const node = (type: number, ...body: readonly Buffer[]) =>
    nodes.push(writeChunk(type, NODE_HEADER_BYTES, u32(1), u32(NO_STRING), ...body));
  const writeElement = (element: BinaryXmlElement): void => {
    node(ChunkType.START_ELEMENT, ref(element.namespace), ref(element.name), ...writeAttributes(element, ref));
    element.children.forEach(writeElement);
    node(ChunkType.END_ELEMENT, ref(element.namespace), ref(element.name));
  };
  for (const { prefix, uri } of namespaces) node(ChunkType.START_NAMESPACE, ref(prefix), ref(uri));
  writeElement(root);
  for (const { prefix, uri } of namespaces.toReversed()) node(ChunkType.END_NAMESPACE, ref(prefix), ref(uri));
  const resourceMap = writeChunk(ChunkType.RESOURCE_MAP, 8, ...resourceIds.map(u32));
  return writeChunk(ChunkType.XML, 8, writeStringPool(strings), resourceMap, ...nodes);
}

/** Names of attributes with a resource come first: their place in the pool is their place in the resource map. */
function collectStrings(root: BinaryXmlElement, namespaces: readonly NamespaceDeclaration[]) {
  const resources = new Map<string, number>();
  const others = new Set<string>();
  for (const { prefix, uri } of namespaces) others.add(prefix).add(uri);
  const visit = (element: BinaryXmlElement): void => {
    others.add(element.name);
    if (element.namespace !== undefined) others.add(element.namespace);
    for (const attribute of element.attributes) {
      if (attribute.resourceId !== 0) resources.set(attribute.name, attribute.resourceId);
      else others.add(attribute.name);
      if (attribute.namespace !== undefined) others.add(attribute.namespace);
      if (attribute.text !== undefined) others.add(attribute.text);
    }
    element.children.forEach(visit);
  };
  visit(root);
  const named = [...resources].sort(([, a], [, b]) => a - b);
  const names = named.map(([name]) => name);
  return {
    strings: [...names, ...[...others].filter((text) => !resources.has(text))],
    resourceIds: named.map(([, id]) => id),
  };
}

/** Sorted by resource, as Android's look-up expects; those without one come last. */
function writeAttributes({ attributes }: BinaryXmlElement, ref: (text: string | undefined) => Buffer): Buffer[] {
  const order = ({ resourceId }: BinaryXmlAttribute) => (resourceId === 0 ? NO_STRING : resourceId);
  const sorted = [...attributes].sort((a, b) => order(a) - order(b));
  const head = [EXTENDED_ELEMENT_BYTES, ATTRIBUTE_BYTES, sorted.length, 0, 0, 0].map(u16);
  return [...head, ...sorted.map((attribute) => writeAttribute(attribute, ref))];
}

function writeAttribute(attribute: BinaryXmlAttribute, ref: (text: string | undefined) => Buffer): Buffer {
  const { namespace, name, type, data, text } = attribute;
  const value = type === ValueType.STRING ? ref(text) : u32(data);
  return Buffer.concat([ref(namespace), ref(name), ref(text), u16(8), Buffer.from([0, type]), value]);
}
