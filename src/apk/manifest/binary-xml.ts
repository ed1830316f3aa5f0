/** Android's binary XML (ResXMLTree): chunks with little-endian headers, a string pool, then the tree's events. */
import { ApkError } from "../apk-error.js";
import { ByteReader } from "../byte-reader.js";
import { parseStringPool, type StringPool } from "./string-pool.js";

/** A typed value; `type` is one of {@link ValueType}, or another number that Android defines and we do not need. */
export interface BinaryXmlAttribute {
  readonly namespace: string | undefined;
  readonly name: string;
  /** The attribute's Android resource, 0 when it has none: it decides, for names may be empty or wrong. */
  readonly resourceId: number;
  readonly type: number;
  readonly data: number;
  /** The text, for a string value or when the compiler kept the source text. */
  readonly text: string | undefined;
}

export interface BinaryXmlElement {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly attributes: readonly BinaryXmlAttribute[];
  readonly children: readonly BinaryXmlElement[];
}

export const ChunkType = {
  STRING_POOL: 0x0001,
  XML: 0x0003,
  START_NAMESPACE: 0x0100,
  END_NAMESPACE: 0x0101,
  START_ELEMENT: 0x0102,
  END_ELEMENT: 0x0103,
  TEXT: 0x0104,
  RESOURCE_MAP: 0x0180,
} as const;

export const ValueType = {
  REFERENCE: 0x01,
  STRING: 0x03,
  FLOAT: 0x04,
  INT_DECIMAL: 0x10,
  INT_HEX: 0x11,
  BOOLEAN: 0x12,
} as const;

export const NO_STRING = 0xffffffff;
const MAX_DEPTH = 256;

interface MutableElement extends BinaryXmlElement {
  readonly children: MutableElement[];
}

/** @param field what the bytes are, for error texts */
export function parseBinaryXml(bytes: Uint8Array, field = "AndroidManifest.xml"): BinaryXmlElement {
  const reader = new ByteReader(bytes, field);
  if (reader.u16("type") !== ChunkType.XML) refuseKind(bytes, field);
  const headerSize = reader.u16("header size");
  const size = reader.u32("size");
  if (size > bytes.byteLength) reader.refuse("TRUNCATED", `${size} bytes are announced`, "size", 4);
  const tree = new TreeBuilder();
  let at = headerSize;
  while (at < size) {
    reader.seek(at, "chunk");
    const type = reader.u16("chunk type");
    const chunkHeaderSize = reader.u16("chunk header size");
    const chunkSize = reader.u32("chunk size");
    if (chunkSize < 8 || chunkHeaderSize < 8 || chunkHeaderSize > chunkSize || chunkSize > size - at) {
      reader.refuse("BAD_LENGTH", `chunk of ${chunkSize} bytes with a header of ${chunkHeaderSize}`, "chunk size", at);
    }
    const chunk = new ByteReader(reader.all.subarray(at, at + chunkSize), `${field}, chunk at ${at}`, at);
    tree.add(type, chunk, chunkHeaderSize);
    at += chunkSize;
  }
  return tree.finish(field);
}

function refuseKind(bytes: Uint8Array, field: string): never {
  const isText = bytes[0] === 0x3c || (bytes[0] === 0xef && bytes[1] === 0xbb);
  throw new ApkError("BAD_MANIFEST", `${field} is ${isText ? "text" : "no"} XML, not Android's binary XML`, {
    offset: 0,
    field,
    hint: isText ? "an APK holds the compiled form; `avf apk build` makes it" : undefined,
  });
}

class TreeBuilder {
  #strings: StringPool | undefined;
  #resourceIds: readonly number[] = [];
  #root: MutableElement | undefined;
  readonly #open: MutableElement[] = [];

  add(type: number, chunk: ByteReader, headerSize: number): void {
    if (type === ChunkType.STRING_POOL) this.#strings ??= parseStringPool(chunk);
    else if (type === ChunkType.RESOURCE_MAP) this.#resourceIds = readResourceMap(chunk, headerSize);
    else if (type === ChunkType.START_ELEMENT) this.#start(chunk, headerSize);
    else if (type === ChunkType.END_ELEMENT) this.#end(chunk);
  }

  finish(field: string): BinaryXmlElement {
    if (!this.#root || this.#open.length > 0) {
      throw new ApkError("BAD_MANIFEST", this.#root ? "an element is not closed" : "there is no element", { field });
    }
    return this.#root;
  }

  #start(chunk: ByteReader, headerSize: number): void {
    chunk.seek(headerSize, "element");
    const namespace = this.#string(chunk, "namespace");
    const name = this.#string(chunk, "name") ?? "";
    const attributeStart = chunk.u16("attribute start");
    const attributeSize = chunk.u16("attribute size");
    const count = chunk.u16("attribute count");
    if (count > 0 && attributeSize < 20) chunk.refuse("BAD_LENGTH", `${attributeSize} bytes`, "attribute size");
    const attributes: BinaryXmlAttribute[] = [];
    for (let index = 0; index < count; index += 1) {
      chunk.seek(headerSize + attributeStart + index * attributeSize, `attribute ${index}`);
      attributes.push(this.#attribute(chunk));
    }
    const element: MutableElement = { namespace, name, attributes, children: [] };
    const parent = this.#open.at(-1);
    if (parent) parent.children.push(element);
    else if (this.#root) chunk.refuse("BAD_MANIFEST", "there is a second root element", "element");
    this.#root ??= element;
    if (this.#open.push(element) > MAX_DEPTH) {
      chunk.refuse("LIMIT_EXCEEDED", `elements are nested deeper than ${MAX_DEPTH}`, "element");
    }
  }

  #attribute(chunk: ByteReader): BinaryXmlAttribute {
    const namespace = this.#string(chunk, "attribute namespace");
    const nameIndex = chunk.u32("attribute name");
    const name = this.#lookUp(nameIndex, chunk, "attribute name") ?? "";
    const raw = this.#string(chunk, "attribute text");
    chunk.u16("value size");
    chunk.u8("value reserved");
    const type = chunk.u8("value type");
    const data = chunk.u32("value");
    const text = type === ValueType.STRING ? this.#lookUp(data, chunk, "value") : raw;
    return { namespace, name, resourceId: this.#resourceIds[nameIndex] ?? 0, type, data, text };
  }

  #end(chunk: ByteReader): void {
    if (!this.#open.pop()) chunk.refuse("BAD_MANIFEST", "an element ends that never started", "element");
  }

  #string(chunk: ByteReader, field: string): string | undefined {
    return this.#lookUp(chunk.u32(field), chunk, field);
  }

  #lookUp(index: number, chunk: ByteReader, field: string): string | undefined {
    if (index === NO_STRING) return undefined;
    if (!this.#strings) chunk.refuse("BAD_MANIFEST", "strings are used before the string pool", field);
    return this.#strings.get(index, chunk, field);
  }
}

function readResourceMap(chunk: ByteReader, headerSize: number): readonly number[] {
  chunk.seek(headerSize, "resource map");
  const ids: number[] = [];
  while (chunk.remaining >= 4) ids.push(chunk.u32("resource id"));
  return ids;
}
