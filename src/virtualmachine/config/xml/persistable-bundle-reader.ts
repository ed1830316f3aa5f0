/**
 * Reads what `writeBundle` and Android write, and of everything else what Android makes of it: PersistableBundle#readFromStream
 * with XmlUtils#readThisArrayMapXml. The bytes come from a device and may be anything: they have a size limit, no document
 * type, and a bounded depth.
 */
import { attributeOf, readXmlEvents } from "../../../xml/index.js";
import { readArray } from "./bundle-arrays.js";
import { EventReader, type StartEvent } from "./bundle-events.js";
import { BundleFormatError } from "./bundle-format-error.js";
import { booleanOf, doubleOf, integerOf, valueOf } from "./bundle-scalars.js";
import { ARRAY_TYPES } from "./persistable-bundle.js";
import type { ArrayType, Bundle, BundleValue } from "./persistable-bundle.js";

export { BundleFormatError } from "./bundle-format-error.js";

const MAX_BYTES = 256 * 1024;
const MAX_DEPTH = 8;

/** Without a root there are no entries. @throws BundleFormatError for whatever Android does not take for a bundle, and for what is too large or too deep */
export function readBundle(bytes: Uint8Array): Bundle {
  const limits = { maxBytes: MAX_BYTES, maxDepth: MAX_DEPTH + 2 };
  // Android says itself that it is UTF-8, so that no declaration counts.
  const options = { ...limits, controlReferences: true, namespaces: true, isUtf8: true };
  const reader = new EventReader(readXmlEvents(bytes, options));
  reader.next();
  const bundle = restore(reader);
  if (reader.isUnclosed && ENDS_IN_SHORT_TAG.test(Buffer.from(bytes).toString())) {
    throw new BundleFormatError("it ends within a tag");
  }
  return bundle;
}

/** Android's parser wants four characters from where a tag begins. */
const ENDS_IN_SHORT_TAG = /<[^<>]>$/u;

/** From the start of an element, or from where a document has nothing. */
function restore(reader: EventReader): Bundle {
  const { depth, tag } = reader;
  for (let event = reader.next(); event; event = reader.next()) {
    if (event.kind === "start") return readMap(reader, tag);
    if (event.kind === "end" && reader.depth >= depth) break;
  }
  return new Map();
}

/** From the event that the reader is at, to the end of `tag`. What comes after the root's is never looked at. */
function readMap(reader: EventReader, tag: string): Bundle {
  const entries = new Map<string, BundleValue>();
  for (let event = reader.event; event; event = reader.next()) {
    if (event.kind === "start") {
      const name = attributeOf(event, "name");
      const value = readValue(reader, event);
      // What has no name cannot be asked for.
      if (name !== undefined) {
        if (value) entries.set(name, value);
        else entries.delete(name);
      }
    } else if (event.kind === "end") {
      if (event.name === tag) return entries;
      throw new BundleFormatError(`</${event.name}> instead of </${tag}>`);
    }
  }
  throw new BundleFormatError(`it ends before </${tag}>`);
}

/** Undefined for what a bundle does not keep. Leaves the reader at the end of the element. */
function readValue(reader: EventReader, event: StartEvent): BundleValue | undefined {
  const type = event.name;
  switch (type) {
    case "string":
      return { type, value: readText(reader) };
    case "pbundle_as_map":
      return { type: "bundle", entries: restore(reader) };
    case "map":
      reader.next();
      return { type: "bundle", entries: readMap(reader, type) };
    case "list":
    case "set":
      reader.next();
      readMap(reader, type);
      return undefined;
    default:
      if (isArrayType(type)) return readArray(reader, event, type);
      return readScalar(reader, event);
  }
}

function readScalar(reader: EventReader, event: StartEvent): BundleValue | undefined {
  const value = scalarOf(event);
  for (let inside = reader.next(); inside; inside = reader.next()) {
    if (inside.kind === "end") return value;
    throw new BundleFormatError(`${inside.kind === "text" ? "text" : `<${inside.name}>`} in <${event.name}>`);
  }
  throw new BundleFormatError(`it ends in <${event.name}>`);
}

function scalarOf(event: StartEvent): BundleValue | undefined {
  const type = event.name;
  switch (type) {
    case "null":
      return { type };
    case "int":
      return { type, value: Number(integerOf(valueOf(event), 32)) };
    case "long":
      return { type, value: integerOf(valueOf(event), 64) };
    case "double":
      return { type, text: doubleOf(valueOf(event)) };
    case "float":
      doubleOf(valueOf(event));
      return undefined;
    case "boolean":
      return { type, value: booleanOf(valueOf(event)) };
    default:
      throw new BundleFormatError(`unknown element <${type}>`);
  }
}

function readText(reader: EventReader): string {
  let text = "";
  for (let event = reader.next(); event; event = reader.next()) {
    if (event.kind === "end") return text;
    if (event.kind === "start") throw new BundleFormatError("an element inside <string>");
    text += event.text;
  }
  throw new BundleFormatError("it ends in <string>");
}

function isArrayType(tag: string): tag is ArrayType {
  return (ARRAY_TYPES as readonly string[]).includes(tag);
}
