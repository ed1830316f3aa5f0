/** XML as text. Whatever goes in, what comes out is well-formed. */

/** Undefined ones are left out. */
type Attributes = Readonly<Record<string, string | number | undefined>>;

export interface Element {
  readonly name: string;
  readonly attributes?: Attributes;
  readonly children?: readonly (Element | undefined)[];
  readonly text?: string;
}

/** The document in parts, so that a large one is not held twice. */
export function* xmlDocument(root: Element): Generator<string, void, undefined> {
  yield '<?xml version="1.0" encoding="UTF-8"?>\n';
  yield* element(root, "");
}

function* element(
  { name, attributes, children = [], text }: Element,
  indent: string,
): Generator<string, void, undefined> {
  const shown = Object.entries(attributes ?? {}).map(([key, value]) =>
    value === undefined ? "" : ` ${key}="${escapeAttribute(String(value))}"`,
  );
  const open = `${indent}<${name}${shown.join("")}`;
  const inside = children.filter((child): child is Element => child !== undefined);
  if (inside.length === 0 && text === undefined) return yield `${open}/>\n`;
  if (inside.length === 0) return yield `${open}>${escapeXml(text ?? "")}</${name}>\n`;
  yield `${open}>\n`;
  for (const child of inside) yield* element(child, `${indent}  `);
  yield `${indent}</${name}>\n`;
}

/** For attributes and text alike. */
function escapeXml(value: string): string {
  return value
    .replace(LONE_SURROGATE, "\ufffd")
    .replace(NOT_XML, "\ufffd")
    .replace(/[&<>"']/g, (character) => REFERENCES[character] ?? character);
}

const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** A reader turns line ends in attributes into spaces unless they are written as references. */
function escapeAttribute(value: string): string {
  return escapeXml(value).replaceAll("\t", "&#9;").replaceAll("\n", "&#10;").replaceAll("\r", "&#13;");
}

// Characters that XML 1.0 does not have, however they are written.
const NOT_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const REFERENCES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};
