/** A text AndroidManifest.xml becomes the binary one that an APK holds. */
import { XMLParser, XMLValidator } from "fast-xml-parser";
import { ApkError, type ApkRefusal } from "../apk-error.js";
import { ANDROID_NAMESPACE, findAttribute, type AttributeKind } from "./attribute-ids.js";
import { ValueType, type BinaryXmlAttribute, type BinaryXmlElement } from "./binary-xml.js";
import { readManifest } from "./manifest.js";
import { MAX_STRING_UNITS } from "./string-pool.js";
import { writeBinaryXml, type NamespaceDeclaration } from "./write-binary-xml.js";

const MAX_TEXT_BYTES = 1024 * 1024;
const ATTRIBUTES_KEY = ":@";
const FIELD = "AndroidManifest.xml";

/** The result is read back, so a manifest without a proper package name is refused here already. */
export function compileManifest(text: string): Buffer {
  if (text.length > MAX_TEXT_BYTES) throw bad(`has ${text.length} characters; at most ${MAX_TEXT_BYTES} are read`);
  // No manifest needs a document type, and entities that expand are an old trap.
  if (/<!DOCTYPE/i.test(text)) throw bad("has a document type, which is not supported");
  const fault = XMLValidator.validate(text);
  if (fault !== true) throw bad(`is no XML: ${fault.err.msg} (line ${fault.err.line}, column ${fault.err.col})`);
  const root = parseRoot(text);
  const namespaces = declarations(root);
  const binary = writeBinaryXml(
    compileElement(root, new Map(namespaces.map((one) => [one.prefix, one.uri]))),
    namespaces,
  );
  readManifest(binary);
  return binary;
}

interface TextElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly TextElement[];
}

function parseRoot(text: string): TextElement {
  const parser = new XMLParser({
    preserveOrder: true,
    ignoreAttributes: false,
    attributeNamePrefix: "",
    parseAttributeValue: false,
    parseTagValue: false,
    ignoreDeclaration: true,
  });
  const roots = toElements(parser.parse(text));
  const [root] = roots;
  if (!root || roots.length > 1 || root.name !== "manifest") throw bad("has no <manifest> at its root");
  return root;
}

/** fast-xml-parser's ordered form: an array of `{ tag: children[], ":@": attributes }`. */
function toElements(nodes: unknown): readonly TextElement[] {
  if (!Array.isArray(nodes)) return [];
  return nodes.flatMap((node: Readonly<Record<string, unknown>>) => {
    const name = Object.keys(node).find((key) => key !== ATTRIBUTES_KEY && key !== "#text" && !key.startsWith("?"));
    if (name === undefined) return [];
    const attributes = (node[ATTRIBUTES_KEY] ?? {}) as Readonly<Record<string, string>>;
    return [{ name, attributes, children: toElements(node[name]) }];
  });
}

function declarations(root: TextElement): readonly NamespaceDeclaration[] {
  return Object.entries(root.attributes)
    .filter(([name]) => name.startsWith("xmlns:"))
    .map(([name, uri]) => ({ prefix: name.slice("xmlns:".length), uri }));
}

function compileElement(element: TextElement, namespaces: ReadonlyMap<string, string>): BinaryXmlElement {
  const attributes = Object.entries(element.attributes)
    .filter(([name]) => !name.startsWith("xmlns:"))
    .map(([name, value]) => compileAttribute(element.name, name, value, namespaces))
    .filter((attribute) => attribute !== undefined);
  const children = element.children.map((child) => compileElement(child, namespaces));
  return { namespace: undefined, name: element.name, attributes, children };
}

/** Attributes of other namespaces than Android's (`tools:`) are for build tools and are left out. */
function compileAttribute(
  element: string,
  fullName: string,
  value: string,
  namespaces: ReadonlyMap<string, string>,
): BinaryXmlAttribute | undefined {
  const where = `<${element} ${fullName}>`;
  if (value.length > MAX_STRING_UNITS) throw bad(`has ${value.length} characters in ${where}`);
  const colon = fullName.indexOf(":");
  if (colon < 0) {
    return { namespace: undefined, name: fullName, resourceId: 0, type: ValueType.STRING, data: 0, text: value };
  }
  const uri = namespaces.get(fullName.slice(0, colon));
  if (uri === undefined) throw bad(`uses an undeclared prefix in ${where}`);
  if (uri !== ANDROID_NAMESPACE) return undefined;
  const name = fullName.slice(colon + 1);
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
  if (kind === "boolean") {
    if (value !== "true" && value !== "false") throw bad(`has ${where} that is neither true nor false`);
    return { type: ValueType.BOOLEAN, data: value === "true" ? 0xffffffff : 0, text: undefined };
  }
  const number = parseInteger(value);
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
