/** A text AndroidManifest.xml becomes the binary one that an APK holds. */
import { elementsOf, readXml, XmlError, type XmlAttribute, type XmlElement } from "../../xml/index.js";
import { ApkError, type ApkRefusal } from "../apk-error.js";
import { ANDROID_NAMESPACE, findAttribute, type AttributeKind } from "./attribute-ids.js";
import { ValueType, type BinaryXmlAttribute, type BinaryXmlElement } from "./binary-xml.js";
import { readManifest } from "./manifest.js";
import { MAX_STRING_UNITS } from "./string-pool.js";
import { writeBinaryXml, type NamespaceDeclaration } from "./write-binary-xml.js";

const MAX_TEXT_BYTES = 1024 * 1024;
const FIELD = "AndroidManifest.xml";

/**
 * The result is read back, so a manifest without a proper package name is refused here already.
 * @param text bytes may have a byte order mark or an encoding declaration, as any XML
 */
export function compileManifest(text: string | Uint8Array): Buffer {
  const root = parseRoot(text);
  const binary = writeBinaryXml(compileElement(root), declarations(root));
  readManifest(binary);
  return binary;
}

function parseRoot(text: string | Uint8Array): XmlElement {
  const root = parseText(text);
  if (root.name !== "manifest") throw bad("has no <manifest> at its root");
  return root;
}

function parseText(text: string | Uint8Array): XmlElement {
  try {
    return readXml(text, { maxBytes: MAX_TEXT_BYTES, namespaces: true });
  } catch (cause) {
    if (!(cause instanceof XmlError)) throw cause;
    throw new ApkError("BAD_MANIFEST", `${FIELD} is no XML that we read: ${cause.message}`, { field: FIELD, cause });
  }
}

/** Of the whole document, once each: readers look at an attribute's namespace, not at where it was declared. */
function declarations(root: XmlElement): readonly NamespaceDeclaration[] {
  const all = new Map<string, NamespaceDeclaration>();
  const visit = (element: XmlElement): void => {
    for (const { name, value } of element.attributes) {
      const prefix = declaredPrefix(name);
      if (prefix !== undefined && value !== "") all.set(`${prefix} ${value}`, { prefix, uri: value });
    }
    elementsOf(element).forEach(visit);
  };
  visit(root);
  return [...all.values()];
}

/** "" for the default namespace, undefined for an attribute that declares none. */
function declaredPrefix(name: string): string | undefined {
  if (name === "xmlns") return "";
  return name.startsWith("xmlns:") ? name.slice("xmlns:".length) : undefined;
}

function compileElement(element: XmlElement): BinaryXmlElement {
  const attributes = element.attributes
    .filter(({ name }) => declaredPrefix(name) === undefined)
    .map((attribute) => compileAttribute(element.name, attribute))
    .filter((attribute) => attribute !== undefined);
  const children = elementsOf(element).map(compileElement);
  return { namespace: undefined, name: element.name, attributes, children };
}

/** Attributes of other namespaces than Android's (`tools:`) are for build tools and are left out. */
function compileAttribute(
  element: string,
  { name: fullName, local: name, uri, value }: XmlAttribute,
): BinaryXmlAttribute | undefined {
  const where = `<${element} ${fullName}>`;
  if (value.length > MAX_STRING_UNITS) throw bad(`has ${value.length} characters in ${where}`);
  if (uri === "") {
    return { namespace: undefined, name, resourceId: 0, type: ValueType.STRING, data: 0, text: value };
  }
  if (uri !== ANDROID_NAMESPACE) return undefined;
  const definition = findAttribute(name);
  if (!definition) {
    throw bad(`uses ${where}, an attribute whose resource id we do not know`, "UNKNOWN_ATTRIBUTE");
  }
  return { namespace: uri, name, resourceId: definition.id, ...compileValue(definition.kind, value, where) };
}

type Value = Pick<BinaryXmlAttribute, "type" | "data" | "text">;

function compileValue(kind: AttributeKind, value: string, where: string): Value {
  if (/^[@?]/.test(value)) throw bad(`refers to a resource, ${value}, in ${where}; no resources are compiled`);
  const string: Value = { type: ValueType.STRING, data: 0, text: value };
  if (kind === "string") return string;
  if (kind === "reference") throw bad(`needs a resource in ${where}; no resources are compiled`);
  // As aapt2 reads them: white space around numbers and truth values is no part of them.
  const trimmed = value.trim();
  if (kind === "boolean") {
    if (!/^(?:true|True|TRUE|false|False|FALSE)$/.test(trimmed))
      throw bad(`has ${where} that is neither true nor false`);
    return { type: ValueType.BOOLEAN, data: /^true$/i.test(trimmed) ? 0xffffffff : 0, text: undefined };
  }
  const number = parseInteger(trimmed);
  if (number !== undefined) return number;
  if (kind === "sdk") return string;
  if (kind === "integer") throw bad(`has ${where} that is no number of 32 bits`);
  return compileNames(kind, value, where);
}

function parseInteger(value: string): Value | undefined {
  if (!/^(-?\d{1,10}|0x[0-9a-f]{1,8})$/i.test(value)) return undefined;
  const number = Number(value);
  if (number < -(2 ** 31) || number >= 2 ** 32) return undefined;
  const isHex = /^0x/i.test(value);
  return { type: isHex ? ValueType.INT_HEX : ValueType.INT_DECIMAL, data: number >>> 0, text: undefined };
}

/** One name of an enumeration, or flags joined with `|`. */
function compileNames(names: Readonly<Record<string, number>>, value: string, where: string): Value {
  let data = 0;
  for (const name of value.split("|")) {
    const bits = names[name.trim()];
    if (bits === undefined)
      throw bad(`has ${where} with ${JSON.stringify(name)}; known: ${Object.keys(names).join(", ")}`);
    data |= bits;
  }
  return { type: value.includes("|") ? ValueType.INT_HEX : ValueType.INT_DECIMAL, data: data >>> 0, text: undefined };
}

function bad(reason: string, code: ApkRefusal = "BAD_MANIFEST"): ApkError {
  return new ApkError(code, `${FIELD} ${reason}`, { field: FIELD });
}
