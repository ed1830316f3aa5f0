/** A text AndroidManifest.xml becomes the binary one that an APK holds. */
import { elementsOf, readXml, XmlError, type XmlAttribute, type XmlElement } from "../../xml/index.js";
import { ApkError } from "../apk-error.js";
import { ANDROID_NAMESPACE, findAttribute } from "./attribute-ids.js";
import { ValueType, type BinaryXmlAttribute, type BinaryXmlElement } from "./binary-xml.js";
import { bad, compileValue, FIELD } from "./compile-value.js";
import { readManifest } from "./manifest.js";
import { MAX_STRING_UNITS } from "./string-pool.js";
import { writeBinaryXml, type NamespaceDeclaration } from "./write-binary-xml.js";

const MAX_TEXT_BYTES = 1024 * 1024;

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
